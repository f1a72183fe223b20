// swift-tools-version: 6.2
import PackageDescription

// Each library of ours is a floor of the house in ARCHITECTURE.md and imports lower floors only.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .treatAllWarnings(as: .error),
]

// `make install` asks for a CLI without shared libraries: loading them takes as long as all that it does.
let alone: [LinkerSetting] = Context.environment["ANYCLAUDE_LINK"] == "static" ? [.unsafeFlags(["-static-executable"])] : []

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")

func library(name: String, path: String? = nil, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, path: path ?? "Sources/\(name)", swiftSettings: strict)
}
func program(_ name: String, _ dependencies: [Target.Dependency], _ linker: [LinkerSetting] = []) -> Target {
    .executableTarget(name: name, dependencies: dependencies, path: "Sources/\(name)", swiftSettings: strict, linkerSettings: linker)
}
func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: "\(name)Tests", dependencies: dependencies, path: "Tests/\(name)Tests", exclude: exclude, swiftSettings: strict)
}

let package = Package(
    name: "anyclaude",
    products: [
        .executable(name: "anyclaude", targets: ["anyclaude"]),
        .executable(name: "anyclaude-supervisor", targets: ["anyclaude-supervisor"]),
        .executable(name: "anyclaude-proxy", targets: ["anyclaude-proxy"]),
        .executable(name: "anyclaude-runtime", targets: ["anyclaude-runtime"]),
    ],
    dependencies: [
        // Command lines: help, completion, exit codes.
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        // SHA-256 and HMAC.
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        // Structured logs, service groups with graceful shutdown, file paths.
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        // HTTP servers: NIO under Hummingbird, whose default traits would pull ICU.
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        // The proxy's TLS, its response cache, and a client for its tests.
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // Floor 0: system libraries and C.
        .systemLibrary(name: "CLibYAML", path: "Sources/CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CSystemd", path: "Sources/CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "COpenBLAS", path: "Sources/COpenBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CPCRE2", path: "Sources/CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"])]),
        .systemLibrary(name: "CUTF8Proc", path: "Sources/CUTF8Proc", pkgConfig: "libutf8proc", providers: [.apt(["libutf8proc-dev"])]),
        .target(name: "CProcess", path: "Sources/CProcess"),
        .target(name: "CKernels", path: "Sources/CKernels"),
        // Floor 1.
        // The lock of the standard library, or one that ThreadSanitizer can follow.
        library(name: "Locking"),
        library(name: "JSON"),
        library(name: "Diagnostics", ["JSON"]),
        // Floor 2.
        library(name: "LaunchPlan", ["JSON", crypto]),
        library(name: "Checkpoint", ["JSON", crypto]),
        library(name: "Messages", ["JSON"]),
        library(name: "Control", ["JSON", "LaunchPlan"]),
        // What the supervisor and a look without it both need of this machine, and what must hold on it.
        library(name: "Host", ["LaunchPlan", "Control", "Locking", "JSON", "CProcess", crypto]),
        library(name: "Preflight", ["Host", "Control", "Checkpoint", "LaunchPlan", "JSON"]),
        library(
            name: "Serving",
            [
                "Locking", hummingbird, nioCore, nioPosix, logging, lifecycle,
                .product(name: "NIOExtras", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]),
        // Floor 3: they never import each other.
        library(name: "ConfigCompiler", ["LaunchPlan", "Diagnostics", "JSON", "CLibYAML"]),
        library(
            name: "Supervisor",
            [
                "LaunchPlan", "Control", "Host", "Preflight", "Serving", "Locking", "JSON", "CProcess", "CSystemd", crypto, nioCore, nioPosix,
                .product(name: "NIOHTTP1", package: "swift-nio"),
            ]),
        library(
            name: "InferenceRuntime", path: "Sources/Runtime",
            [
                "LaunchPlan", "Messages", "Checkpoint", "Serving", "Locking", "JSON", "CKernels", "CPCRE2", "CUTF8Proc", crypto, hummingbird, nioCore,
                logging,
                lifecycle, .product(name: "HTTPTypes", package: "swift-http-types"),
            ]),
        library(
            name: "Proxy",
            [
                "LaunchPlan", "Messages", "Control", "Serving", "Locking", "JSON", crypto, hummingbird, nioCore, nioPosix, logging, lifecycle,
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        // Floor 4.
        program(
            "anyclaude", ["ConfigCompiler", "Control", "Host", "Preflight", "Messages", "Diagnostics", "LaunchPlan", "JSON", argumentParser], alone),
        program("anyclaude-supervisor", ["Supervisor", argumentParser]),
        program("anyclaude-proxy", ["Proxy", argumentParser]),
        program("anyclaude-runtime", ["InferenceRuntime", argumentParser]),
        // Tests: one target a module, without processes or sockets; the real thing in IntegrationTests.
        tests("JSON", ["JSON"]),
        // What the tests of several modules need: a validator of JSON Schema, and texts of one meaning.
        library(name: "SchemaValidation", path: "Tests/SchemaValidation", ["JSON"]),
        library(name: "ConfigurationTwins", path: "Tests/ConfigurationTwins", ["JSON"]),
        tests("SchemaValidation", ["SchemaValidation", "JSON"]),
        tests("Diagnostics", ["Diagnostics", "SchemaValidation", "JSON"]),
        tests("LaunchPlan", ["LaunchPlan", "ConfigurationTwins", "JSON"]),
        tests("Checkpoint", ["Checkpoint", "JSON"]),
        tests("Messages", ["Messages", "JSON"]),
        // Requests of the client's shape, and what is promised of the prompts that are made of them.
        library(name: "Conversations", path: "Tests/Conversations", ["Messages", "JSON"]),
        tests("Conversations", ["Conversations", "InferenceRuntime", "Messages", "JSON"]),
        tests("Control", ["Control", "LaunchPlan", "JSON"]),
        tests(
            "Serving",
            [
                "Serving", "Locking", hummingbird, logging, nioCore, .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOExtras", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"), .product(name: "HTTPTypes", package: "swift-http-types"),
            ]),
        library(name: "FuzzProperties", path: "Tests/FuzzProperties", ["ConfigCompiler", "LaunchPlan", "Diagnostics", "JSON"]),
        tests(
            "ConfigCompiler",
            ["ConfigCompiler", "FuzzProperties", "ConfigurationTwins", "SchemaValidation", "LaunchPlan", "Diagnostics", "JSON"]),
        library(name: "HostFixtures", path: "Tests/HostFixtures", ["Host", "LaunchPlan"]),
        tests("Host", ["Host", "HostFixtures", "LaunchPlan", "Locking"]),
        tests("Preflight", ["Preflight", "Host", "HostFixtures", "Control", "LaunchPlan", "JSON"]),
        tests("Supervisor", ["Supervisor", "Host", "HostFixtures", "Control", "LaunchPlan", "JSON", "CProcess"]),
        tests("InferenceRuntime", ["InferenceRuntime", "SchemaValidation", "Locking", "Checkpoint", "Messages", "JSON", "CKernels", "COpenBLAS"]),
        tests(
            "Proxy",
            [
                "Proxy", "Messages", "LaunchPlan", "Control", "Serving", "Locking", "JSON", hummingbird, nioCore, nioPosix, logging, lifecycle,
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "NIOHTTP1", package: "swift-nio"), .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "GRDB", package: "GRDB.swift"), .product(name: "NIOEmbedded", package: "swift-nio"),
            ]),
        tests("anyclaude", ["anyclaude", "Messages", "Control", "LaunchPlan", "JSON"]),
        tests(
            "Integration", ["ConfigurationTwins", "JSON", "Control", "LaunchPlan"],
            exclude: ["Fakes", "Python", "Systemd", "requirements.txt", "requirements-client.txt"]),
    ]
)
