import CProcess
import Glibc
import Host

/// A process to start: all that it will know.
struct SpawnRequest {
    var program: String
    var arguments: [String]
    var environment: [String: String]
    var directory: String
    /// Standard output and error; nothing is kept of them where negative.
    var output: CInt
    /// From 3 on, in this order, with their names in LISTEN_FDNAMES.
    var descriptors: [(name: String, descriptor: CInt)] = []
    /// The processors to run on; all that this process may where empty.
    var processors: [Int] = []
    /// The control group to start in, an open directory; the caller's where negative.
    var controlGroup: CInt = -1
    /// Killed when this process ends, however it does.
    var diesWithSupervisor = false

    struct Child {
        var pid: Int32
        var pidfd: CInt
    }

    /// - Throws: with the step that failed and the program.
    func spawn() throws(OperationError) -> Child {
        let null = open("/dev/null", O_RDWR | O_CLOEXEC)
        guard null >= 0 else { throw .system("cannot open /dev/null", errno: errno) }
        defer { close(null) }
        var variables = environment
        if !descriptors.isEmpty {
            variables["LISTEN_FDS"] = String(descriptors.count)
            variables["LISTEN_FDNAMES"] = descriptors.map(\.name).joined(separator: ":")
        }
        var child = cprocess_child()
        let numbers = descriptors.map(\.descriptor)
        let processors = processors.map { CInt($0) }
        let result = withCStrings(arguments) { argv in
            withCStrings(variables.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }) { environment in
                program.withCString { program in
                    directory.withCString { directory in
                        numbers.withUnsafeBufferPointer { numbers in
                            processors.withUnsafeBufferPointer { processors in
                                var specification = cprocess_spec(
                                    program: program, arguments: argv, environment: environment, directory: directory, input: null,
                                    output: output < 0 ? null : output, error: output < 0 ? null : output, descriptors: numbers.baseAddress,
                                    descriptor_count: CInt(numbers.count), cgroup: controlGroup, cpus: processors.baseAddress,
                                    cpu_count: CInt(processors.count), dies_with_parent: diesWithSupervisor ? 1 : 0)
                                return cprocess_spawn(&specification, &child)
                            }
                        }
                    }
                }
            }
        }
        guard result == 0 else { throw failure(stage: child.stage, code: -result) }
        return Child(pid: child.pid, pidfd: child.pidfd)
    }

    private func failure(stage: CInt, code: CInt) -> OperationError {
        switch UInt32(stage) {
        case CPROCESS_STAGE_DIRECTORY.rawValue: .system("cannot enter the directory \(directory)", errno: code)
        case CPROCESS_STAGE_EXECUTE.rawValue:
            .system(
                "cannot execute \(program)", errno: code,
                hint: code == ENOENT ? "is the program, or the interpreter in its first line, installed?" : nil)
        case CPROCESS_STAGE_PROCESSORS.rawValue:
            .system("cannot run \(program) on the processors \(processors.map(String.init).joined(separator: ", "))", errno: code)
        case CPROCESS_STAGE_CGROUP.rawValue: .system("cannot start \(program) in its control group", errno: code)
        case CPROCESS_STAGE_DESCRIPTORS.rawValue: .system("cannot pass descriptors to \(program)", errno: code)
        default: .system("cannot start \(program)", errno: code)
        }
    }
}

/// NULL-terminated C strings for the time of the call.
private func withCStrings<Result>(_ strings: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result) -> Result {
    var pointers: [UnsafeMutablePointer<CChar>?] = strings.map { strdup($0) }
    pointers.append(nil)
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeBufferPointer { buffer in
        guard let address = buffer.baseAddress else { preconditionFailure("an array with one element has an address") }
        return body(address)
    }
}
