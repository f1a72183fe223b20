// swift-tools-version: 6.2
import PackageDescription

// The compiler's modules again, as links, built so that libFuzzer sees which branches a text takes: a plain build does not pay for it.
// `make fuzz` builds and runs it.
let seen: [SwiftSetting] = [.swiftLanguageMode(.v6), .enableUpcomingFeature("ExistentialAny"), .unsafeFlags(["-sanitize=fuzzer"])]

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: seen)
}

let package = Package(
    name: "Fuzz",
    dependencies: [.package(url: "https://github.com/apple/swift-crypto", from: "4.5.2")],
    targets: [
        .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CLibFuzzer"),
        library("JSON"),
        library("Diagnostics", ["JSON"]),
        library("LaunchPlan", ["JSON", .product(name: "Crypto", package: "swift-crypto")]),
        library("ConfigCompiler", ["LaunchPlan", "Diagnostics", "JSON", "CLibYAML"]),
        library("FuzzProperties", ["ConfigCompiler", "LaunchPlan", "Diagnostics", "JSON"]),
        .executableTarget(
            name: "fuzz", dependencies: ["FuzzProperties", "CLibFuzzer"], swiftSettings: [.swiftLanguageMode(.v6)],
            // gold cannot link what AddressSanitizer adds.
            linkerSettings: [.unsafeFlags(["-use-ld=lld"])]),
    ]
)
