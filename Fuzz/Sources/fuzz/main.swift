// fuzz TARGET [libFuzzer's options] CORPUS…: a target of `FuzzProperties` under libFuzzer. What breaks a property stops the run like a
// crash, so that libFuzzer keeps the text and can make it smaller.
import CLibFuzzer
import FuzzProperties
import Glibc

guard CommandLine.arguments.count > 1, let target = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
    let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
    let usage = Array("usage: fuzz TARGET [OPTIONS] CORPUS…; targets are \(names)\n".utf8)
    _ = write(STDERR_FILENO, usage, usage.count)
    exit(64)
}

// A C function captures nothing: the target is a global of this file.
let chosen = target
var count = CommandLine.argc - 1
// libFuzzer reads options from the second word on: the target's name stands in the place of the program's.
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv + 1
exit(
    LLVMFuzzerRunDriver(&count, &arguments) { data, size in
        if let fault = chosen.fault(Array(UnsafeBufferPointer(start: data, count: size))) { fatalError("\(chosen.rawValue): \(fault)") }
        return 0
    })
