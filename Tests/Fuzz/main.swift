import FuzzProperties
import Glibc

// libFuzzer with the properties: `ANYCLAUDE_FUZZ_TARGET=yaml fuzz CORPUS…`. Built by `make fuzz` only, since its driver is in the sanitizer.

@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>, _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
    _ test: @convention(c) (UnsafePointer<UInt8>?, Int) -> CInt
) -> CInt

guard let target = getenv("ANYCLAUDE_FUZZ_TARGET").flatMap({ FuzzTarget(rawValue: String(cString: $0)) }) else {
    fatalError("ANYCLAUDE_FUZZ_TARGET is one of \(FuzzTarget.allCases.map(\.rawValue))")
}
nonisolated(unsafe) let chosen = target
var count = CommandLine.argc
var arguments = CommandLine.unsafeArgv
exit(
    runDriver(&count, &arguments) { bytes, count in
        if let fault = chosen.fault(Array(UnsafeBufferPointer(start: bytes, count: count))) { fatalError(fault) }
        return 0
    })
