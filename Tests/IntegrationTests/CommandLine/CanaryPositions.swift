/// Where a secret may stand by right or by mistake, one file for each. `@1@` and `@2@` are the secrets.
enum CanaryPositions {
    struct Position {
        var name: String
        var text: String
        var file = "a.yaml"
        /// Whether the file can be a valid one with a secret in it: then what the command makes of it must hide it.
        var isFault = true
        /// Further files beside it.
        var others: [String: String] = [:]
    }

    /// In the place of keys that take secrets, and of what looks like them.
    static let keys: [Position] =
        [
            "backend: openrouter\nbackends: { openrouter: { apiKey: @1@ } }", "backend: openrouter\nbackends: { openrouter: { apikey: @1@ } }",
            "backend: openrouter\nbackends: { openrouter: { api_key: '@1@' } }", "backend: openrouter\nbackends: { openrouter: { ApiKey: \"@1@\" } }",
            "backend: openrouter\nbackends: { openrouter: { apiKye: @1@ } }", "backend: openrouter\nbackends: { openrouter: { apiKey: [@1@] } }",
            "backend: openrouter\nbackends: { openrouter: { apiKey: { value: @1@ } } }",
            "backend: openrouter\nbackends: { openrouter: { apiKey: { @1@: } } }",
            "backend: openrouter\nbackends: { openrouter: { apiKey: { env: @1@ } } }",
            "backend: openrouter\nbackends: { openrouter: { apiKey: { env: [@1@] } } }",
            "backend: openrouter\nbackends: { openrouter: { apiKey: { env: @2@ } } }",
            "backend: openrouter\nbackends: { openrouter: { apiKey: { file: @1@ } } }",
            "backend: openrouter\nbackends: { openrouter: { apiKey: { credential: @1@ } } }",
            "backend: openrouter\nbackends: { openrouter: { apiKey: { env: A, secret: @2@ } } }",
            "backend: openrouter\nbackends: { openrouter: { apiKey:@2@ } }",
            "backend: openrouter\nbackends:\n  openrouter:\n    apiKey: |\n      @2@\n    port: 0",
            "backend: openrouter\nbackends:\n  openrouter:\n    apiKey: >-\n      @1@\n      @2@",
            "backend: openrouter\nbackends:\n  openrouter:\n    apiKey: \"@1@\n      @2@\"",
            "backend: openrouter\nbackends:\n  openrouter:\n    apiKey: @2@\n      @1@",
            "backend: openrouter\nbackends:\n  openrouter: { apiKey: \"@2@\\u0021\", port: 0 }",
            "backend: claude\nproxy: { authToken: @2@, host: 0.0.0.0, port: 0 }", "backend: claude\nproxy: { authtoken: @2@ }",
            "backend: claude\nproxy: { token: @2@ }",
            "backend: claude\nauthToken: @2@", "backend: claude\nproxy: { authToken: @2@, authToken: @1@ }",
            "backend: claude\nproxy: { authToken: { env: A }, authToken: @2@ }",
            "backend: claude\nproxy: { authToken: ${TOKEN:-@1@} }", "backend: claude\nproxy: { authToken: \"${TOKEN:-@2@}\" }",
            "backend: claude\nproxy: { authToken: { env: \"${A:-@2@}\" } }",
            "backend: claude\nproxy: { authToken: !secret @2@ }", "backend: claude\nproxy: { authToken: !!int @2@ }",
            "backend: claude\nproxy: { authToken: 12345678901234, port: @1@ }",
        ].map { Position(name: $0, text: $0) }

    /// Where no secret belongs.
    static let elsewhere: [Position] =
        [
            "backend: openrouter\nbackends: { openrouter: { baseUrl: \"https://me:@2@@host/v1\" } }",
            "backend: openrouter\nbackends: { openrouter: { baseURL: \"https://@2@@host/v1\" } }",
            "backend: openrouter\nbackends: { openrouter: { baseUrl: \"https://host/v1?api_key=@2@\" } }",
            "backend: openrouter\nbackends: { openrouter: { baseUrl: \"https://host/@1@\" } }",
            "backend: lab\nbackends: { lab: { kind: local, command: [./serve, --api-key, @2@], port: 1 } }",
            "backend: lab\nbackends: { lab: { kind: local, command: [./serve, --api-key=@2@], port: 1 } }",
            "backend: lab\nbackends: { lab: { kind: local, command: [env, API_KEY=@2@, ./serve], port: 1 } }",
            "backend: lab\nbackends: { lab: { kind: local, command: [sh, -c, \"serve --api-key @2@\"], port: 1 } }",
            "backend: lab\nbackends: { lab: { kind: local, command: \"./serve --api-key @2@\", port: 1 } }",
            "backend: lab\nbackends: { lab: { kind: local, command: [./serve, @1@], port: 1 } }",
            "backend: lab\nbackends: { lab: { kind: local, command: [./serve, {a: 1}, --token, @2@], port: 1 } }",
            "backend: lab\nbackends: { lab: { kind: local, serverScript: \"./run.sh --api-key @2@\", model: m, port: 1 } }",
            "backend: lab\nbackends: { lab: { kind: local, model: @1@, serverScript: s } }",
            "backend: lab\nbackends: { lab: { kind: local, engine: vllm, model: m, environment: { HF_TOKEN: @2@ } } }",
            "backend: lab\nbackends: { lab: { kind: local, engine: vllm, model: m, environment: { OPENAI_API_KEY: \"@2@\", A: 1 } } }",
            "backend: lab\nbackends: { lab: { kind: local, engine: vllm, model: m, environment: { DB_PASSWORD: @2@ } } }",
            "backend: lab\nbackends: { lab: { kind: local, engine: vllm, model: m, environment: { NOTHING: @1@ } } }",
            "backend: lab\nbackends: { lab: { kind: local, engine: vllm, model: m, environment: { ARGS: \"--token @2@\" } } }",
            "backend: lab\nbackends: { lab: { kind: local, engine: vllm, model: m, environment: { HF_TOKEN: { env: @1@ } } } }",
            "backend: @1@", "instance: @1@\nbackend: claude", "backend: claude\nbackends: { @1@: { kind: claude } }",
            "backend: claude\nroutes: [{ match: { model: @1@ }, to: claude }]", "backend: claude\nroutes: [{ to: @1@ }]",
            "backend: claude\nbackends: { claude: { description: \"key @1@\", port: 0 } }", "backend: claude\nbackends: { claude: { enabled: @1@ } }",
            "backend: claude\nbackends: { claude: { contextWindow: @1@ } }",
            "backend: claude\nbackends: { claude: { kind: @1@ } }", "backend: claude\nprobation: @1@", "backend: claude\npythonVenv: @1@",
            "backend: claude\nproxy: { host: @1@ }",
            "backend: claude\nproxy: { port: 0 } # the token: @2@", "backend: claude # api_key=@2@\nnonsense: 1",
            "backend: claude\n# sk: @1@\nproxy: { port: 0 }", "backend: claude\nproxy: { port: 0, // key: @1@ }",
            "backend: claude\n@1@: 1", "backend: claude\n@1@", "backend: claude\nmyToken: { value: @2@ }",
            "backend: claude\nfoo: { bar: [{ password: @2@ }] }", "backend: claude\nsecrets: [@2@, { a: @1@ }]",
            "backend: claude\nx: &k { apiKey: @2@ }\ny: *k", "backend: openrouter\nx-defaults: &k @2@\nbackends: { openrouter: { apiKey: *k } }",
            "backend: openrouter\nbackends: { openrouter: { apiKey: &k @2@, model: *k, port: 0 } }",
            "backend: claude\nx: &@1@ 1", "backend: claude\nproxy: { authToken: *@2@ }",
            "backend: claude\ntls: { password: @2@ }\nproxy: { tls: { key: @1@, password: @2@ } }",
            "backend: claude\n--- { apiKey: @2@ }", "backend: claude\n---\napiKey: @2@\n  x: [", "include: [@1@]\nbackend: claude",
            "$schema: \"https://x/?token=@2@\"\nbackend: claude\nproxy: { port: 0 }",
            "backend: claude\n\"// token\": @2@\nproxy: { port: 0, \"// apiKey\": @2@ }",
            "backend: claude\nproxy: { port: 0 } # anyclaude: allow @1@",
        ].map { Position(name: $0, text: $0) }

    /// In comments of a file that only the machine finds fault with.
    static let machine: [Position] = [
        "backend: w\nbackends:\n  w: { kind: vllm-mlx, engine: native, model: ./nope }  # @1@",
        "backend: w\nbackends:\n  w: { kind: vllm-mlx, engine: native, model: ./nope }  # token=@2@",
    ].map { Position(name: $0, text: $0, isFault: false) }

    /// In texts that cannot be read.
    static let syntax: [Position] =
        [
            "backend: openrouter\nbackends: { openrouter: { apiKey: \"@2@ } }", "backend: openrouter\nbackends: { openrouter: { apiKey: '@2@ } }",
            "backend: openrouter\nbackends: { openrouter: { apiKey: @2@ ",
            "backend: openrouter\nbackends: { openrouter: { apiKey: [@2@ } }",
            "backend: openrouter\nbackends: { openrouter: { apiKey: { env: @2@ } }",
            "backend: openrouter\nbackends:\n  openrouter:\n    apiKey: @2@\n   model: x",
            "backend: openrouter\nbackends:\n  openrouter:\n    apiKey: @@2@", "backend: openrouter\nbackends:\n  openrouter:\n    apiKey: @2@: x",
            "backend: openrouter\nbackends:\n  openrouter:\n    apiKey: %@2@", "backend: openrouter\nbackends:\n  openrouter:\n    apiKey: `@2@`",
            "backend: openrouter\nbackends:\n  openrouter:\n    apiKey:\t@2@\n\tmodel: x",
            "backend: openrouter\nbackends:\n  openrouter:\n    apiKey:@2@\n    model: x",
            "backend: openrouter\nbackends:\n  openrouter:\n    apiKey: |\n      @2@\n   x",
            "backend: openrouter\nbackends:\n  openrouter:\n    apiKey:\n      @2@: [\n",
            "backend: openrouter\nbackends:\n  openrouter:\n    apiKey: \"@1@\\q@2@\"",
            "backend: openrouter\nbackends:\n  openrouter:\n    apiKey: @2@, @1@\n    a: [", "backend: claude\nproxy: { authToken: \"@1@\" \"@2@\" }",
            "backend: lab\nbackends:\n  lab: { command: [./serve, --api-key, @1@, port: 1 }",
            "backend: lab\nbackends:\n  lab: { command: \"./serve --api-key @2@, port: 1 }", "backend: lab\nbaseUrl: [http://me:@2@@host/v1",
            "apiKey: @2@\u{1}",
        ].map { Position(name: $0, text: $0) }

    static let json: [Position] =
        [
            "{\"backend\": \"openrouter\", \"backends\": {\"openrouter\": {\"apiKey\": \"@2@\"}}}",
            "{\"backend\": \"openrouter\", \"backends\": {\"openrouter\": {\"apiKey\": \"@2@\",}}}",
            "{\"backend\": \"openrouter\", \"backends\": {\"openrouter\": {\"apiKey\": \"@2@}}}",
            "{\"backend\": \"openrouter\", \"backends\": {\"openrouter\": {\"apiKey\": '@2@'}}}",
            "{\"backend\": \"openrouter\", \"backends\": {\"openrouter\": {\"apiKey\": @1@}}}", "{\"proxy\": {\"authToken\": \"a\\\"@2@\" x}}",
            "{\"proxy\": {\n  \"authToken\":\n    \"@2@\"\n    x}}",
            "{\"backend\": \"claude\", \"proxy\": {\"authToken\": {\"env\": \"@1@\"}}}",
            "{\"backend\": \"claude\", \"proxy\": {\"port\": 0, \"authTok\\u0065n\": \"@2@\"}}", "{\"apiKey\": \"@2@\"} x",
            "{\"backend\": \"claude\", \"backend\": \"claude\", \"token\": \"@2@\"}",
        ].map { Position(name: $0, text: $0, file: "a.json") }

    static let included: [Position] = [
        Position(
            name: "an included literal", text: "include: [b.yaml]\nbackend: claude\n", others: ["b.yaml": "proxy: { authToken: @2@, port: 0 }\n"]),
        Position(
            name: "an included file that cannot be read", text: "include: [b.yaml]\nbackend: claude\n",
            others: ["b.yaml": "proxy: { authToken: \"@2@ }\n"]),
        Position(
            name: "a literal that another file replaces", text: "include: [b.yaml]\nbackend: claude\nproxy: { authToken: { env: A }, port: 0 }\n",
            others: ["b.yaml": "proxy: { authToken: @2@, authToken: @1@ }\n"]),
        Position(name: "a file that is none", text: "include: [b.yaml]\nbackend: claude\n", others: ["b.yaml": "- apiKey: @2@\n"]),
    ]

    /// Files that are right: the secret is where the reference says, and nowhere else.
    static let references: [Position] = [
        Position(name: "under a key that is not used", text: "backend: claude\nwebSearch: { apiKey: @2@ }\n", isFault: false),
        Position(
            name: "references",
            text: """
                backend: openrouter
                proxy: { host: 127.0.0.1, port: 8790, authToken: { file: token } }
                webSearch: {}
                backends:
                  openrouter: { apiKey: { env: CANARY_ONE } }
                  claude: { apiKey: { credential: canary } }
                  lab: { kind: local, engine: vllm, model: m, port: 8099, environment: { HF_TOKEN: { env: CANARY_TWO } } }
                routes: [{ match: { model: lab }, to: lab }, { match: { model: claude }, to: claude }]
                """, isFault: false, others: ["token": "@2@"]),
    ]

    static let all = keys + elsewhere + machine + syntax + json + included + references
}
