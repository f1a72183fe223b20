extension Catalogue {
    static let shapePages: [DiagnosticCode: CodePage] = [
        .unknownKey: CodePage(
            .error, "unknown key",
            "The key is not one of those that this place of the file knows. Nothing is silently ignored: a misspelt key would change nothing and nobody\n"
                + "would notice. `anyclaude explain KEY` shows what a key means; a key that begins with `//` is a comment."),
        .duplicateKey: CodePage(
            .error, "a key given twice",
            "One mapping has the key twice, perhaps under two of its names. YAML leaves open which one counts, and JSON readers differ. Keep one."),
        .notAMapping: CodePage(.error, "the file is not a mapping", "A configuration is a mapping of keys to values, not a list or a single value."),
        .missingKey: CodePage(.error, "a key is missing", "The mapping needs the key that the message names."),
        .mergeConflict: CodePage(
            .error, "two merged mappings disagree",
            "`<<` merges several mappings that give different values to one key, and the mapping itself does not say which counts. Write the key out."
        ),
        .invalidMerge: CodePage(.error, "`<<` needs a mapping", "The merge key takes an alias of a mapping, or a list of such aliases."),
        .wrongType: CodePage(
            .error, "wrong type",
            "The value is of another type than the key takes. `anyclaude explain KEY` shows the type, the range and the default."),
        .notABoolean: CodePage(.error, "not a boolean", "The key takes `true` or `false`. In YAML 1.2 `yes`, `no`, `on` and `off` are strings."),
        .ambiguousInteger: CodePage(
            .error, "a number that begins with 0",
            "`0755` is 755 in YAML 1.2 and 493 in YAML 1.1. Write 0o755 for octal, no leading zero for decimal, or quotes for a string."),
        .notAnInteger: CodePage(.error, "not an integer", "The key takes a whole number; `1e3` and `2.0` are floating-point numbers."),
    ]

    static let valuePages: [DiagnosticCode: CodePage] = [
        .outOfRange: CodePage(.error, "out of range", "The value is outside the range that the key allows; the message gives the range."),
        .badName: CodePage(
            .error, "a name that cannot be used",
            "Names of backends and instances become names of services, folders and sockets: lower-case letters, digits and `-`, beginning with a letter or\n"
                + "digit, at most 32 of them. `proxy` is taken."),
        .unknownChoice: CodePage(.error, "not one of the choices", "The key takes one of a few words; the message lists them."),
        .badURL: CodePage(
            .error, "not a usable URL",
            "A base URL is `http://` or `https://`, a host, perhaps a port and a path. User names, queries and fragments are refused."),
        .missingUnit: CodePage(
            .error, "a number without its unit",
            "Durations (`300s`, `5m`, `1h30m`, `250ms`) and sizes (`64MiB`, `40GiB`, `512kB`) say their unit, so that nobody has to guess."),
        .badQuantity: CodePage(
            .error, "not a duration or size",
            "Durations are numbers with the units ms, s, m, h, d, largest first. Sizes are a number with one of B, kB, MB, GB, TB, KiB, MiB, GiB, TiB."
        ),
        .emptyValue: CodePage(.error, "an empty value", "The key needs a value that is not empty. Leave the key out to get its default."),
        .badHost: CodePage(.error, "not a host", "The key takes an IP address or a host name, without a port and without a scheme."),
        .badPath: CodePage(
            .error, "not a usable path",
            "Paths are absolute, relative to the folder of the file, or below the home folder (`~/…`). `~user` and NUL are refused."),
        .badProbe: CodePage(
            .error, "not a probe",
            "A probe is `none`, or a mapping with one of `http: /path`, `tcp: PORT` and `exec: [PROGRAM, …]`, and timing.\n"
                + "Without one of the three, the engine's own question is asked with that timing, where it has one (AC0804 says where not)."),
        .unsupportedKind: CodePage(
            .error, "a kind of backend that is not built",
            "The kind existed in the earlier tool and has no counterpart here. Several workers are several backends, each with its own name."),
    ]

    static let referencePages: [DiagnosticCode: CodePage] = [
        .sameListener: CodePage(
            .error, "two listeners on one address",
            "Two services would bind the same port on addresses that overlap (0.0.0.0 covers all), or a worker would be started on the address at which\n"
                + "another backend expects a server that somebody else runs, such as LM Studio's 1234. Give one of them another port."),
        .unknownBackend: CodePage(.error, "no such backend", "The name is not declared under `backends`."),
        .disabledBackend: CodePage(
            .error, "the backend is disabled", "The backend is needed and says `enabled: false`. Enable it, or choose another."),
        .badRouteTarget: CodePage(.error, "a route leads nowhere", "The route names a backend that does not exist or is disabled."),
        .portMismatch: CodePage(
            .error, "port and baseUrl disagree",
            "A worker of this machine listens on `port`, and `baseUrl` names another one. Requests would never arrive. Write one of them, or the same port."
        ),
        .openListener: CodePage(
            .error, "a listener open to the network without a token",
            "The proxy would accept requests from other machines and pass them on with your keys. Set `proxy.authToken`, or use a loopback address."),
        .cacheBeyondContext: CodePage(
            .warning, "the cache never keeps anything",
            "`min_tokens_for_cache` is not below the context window: no prompt is ever long enough to be kept."),
        .overlapImpossible: CodePage(
            .error, "overlap is not possible",
            "`replace: overlap` runs the old and the new instance together on one listener of the supervisor's. This engine binds its port by itself, so the\n"
                + "old instance must be gone first: `replace: stop-first`."),
        .noRoomOnDemand: CodePage(
            .error, "a worker on demand without room",
            "Workers with `idle` share `budget.memory`: one is stopped where another is asked for. So each of them must say what it needs, as\n"
                + "`resources: { memory: 6GiB }`, and must fit beside everything that always runs. Raise the budget, lower the need, or let fewer\n"
                + "workers always run."),
        .engineNeeds: CodePage(.error, "the engine needs another key", "The engine cannot be started without the key that the message names."),
        .engineOnRemoteKind: CodePage(
            .error, "an engine on a kind that is never started",
            "Backends of the kinds lmstudio, openrouter and claude are servers that run elsewhere. A worker of this machine has `kind: vllm-mlx`."),
        .unreachableRoute: CodePage(
            .warning, "a route that is never reached",
            "An earlier route matches everything that this one would, or no request is of the sizes that it asks for. Routes are tried in order."),
        .dependencyCycle: CodePage(
            .error, "workers that wait for each other",
            "`dependsOn` lets a worker start when others are ready. Here each waits for one that waits for it, so that none would ever start. The places\n"
                + "show the whole circle; take one of the names away."),
        .selfReference: CodePage(
            .error, "a backend that is the proxy itself",
            "The backend's address is the one on which the proxy listens: a request would be sent to the proxy again and again, until no place is\n"
                + "left. Give the backend the address of the server behind it."),
        .badDependency: CodePage(
            .error, "a dependency that is not a worker",
            "`dependsOn` names workers that are started on this machine. A server that runs elsewhere, a disabled backend and one that is not declared\n"
                + "can never become ready here."),
    ]

    static let environmentPages: [DiagnosticCode: CodePage] = [
        .interpolation: CodePage(
            .error, "no interpolation",
            "`${NAME}` is not replaced: what a file means must not depend on where it is read. A secret is `{ env: NAME }`; other values are given by flags and\n"
                + "the documented variables."),
        .literalSecret: CodePage(
            .error, "a secret in clear text",
            "Whoever reads the file has the key; so has every copy and backup. Refer to it instead: `{ env: NAME }`, `{ file: PATH }`, or `{ credential: NAME }`\n"
                + "for a systemd credential. Empty values and the placeholders of the earlier tool (`lm-studio`, `vllm-mlx`, `local`) are as good as no\n"
                + "`apiKey` at all: no key is sent, or, to a backend of the kind openrouter, that of $OPENROUTER_API_KEY."),
        .unusedVariable: CodePage(
            .warning, "a variable that is not used",
            "The variable belongs to the earlier tool and has no counterpart here; the message says why. Unset it, so that nobody believes in it."),
        .badOverride: CodePage(
            .error, "a flag or variable with a value that does not fit",
            "A flag or an environment variable gives a value that its key does not take. The message names both."),
        .badInclude: CodePage(
            .error, "a file that cannot be included",
            "`include` lists files below the folder of the first configuration, relative to the file that includes them. They are regular files; symbolic links\n"
                + "are not followed. At most 32 files, 8 deep, and 4 MiB in all."),
        .includeCycle: CodePage(
            .error, "files include each other",
            "A file is included while it is being read, so that reading would never end. The note shows the chain."),
        .secretElsewhere: CodePage(
            .error, "a secret where the plan would show it",
            "Variables of a worker, arguments of a program, URLs, paths and names go into the plan as they stand, and arguments can be seen by every user of\n"
                + "the machine. A variable called like a secret (`HF_TOKEN`, `…_API_KEY`, `…_PASSWORD`) takes a reference: `{ env: NAME }`, `{ file: PATH }` or\n"
                + "`{ credential: NAME }`; a program that takes its key as an argument nearly always takes it from a variable too. In a reference, the name of\n"
                + "the variable is meant, not the secret. Values that are plainly none (empty, a number, a path, `none`, `dummy`) are taken."),
    ]
}
