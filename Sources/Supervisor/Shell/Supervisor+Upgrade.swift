import Control
import Glibc
import Host

/// The supervisor's program is executed anew in its own process: an upgrade. The process, its number and its children stay, and with them
/// every worker and stream; the new image adopts them as it would after a crash.
extension Supervisor {
    /// What becomes of the process when the loop has ended.
    struct NextImage {
        var program: String
        var arguments: [String]
        /// Listeners that go with it.
        var listeners: [CInt]
    }

    func restartSupervisor(_ request: RestartRequest, _ reply: ControlReply) {
        do throws(OperationError) {
            nextImage = try prepareNextImage()
        } catch {
            return reply.fail(error)
        }
        log.write(.notice, "\(request.command): executing the supervisor anew")
        reply.send(
            ServiceStatus(name: request.service, role: "supervisor", state: .starting, pid: Int(getpid()), message: "executes its program anew"))
        systemd.reloading()
        loop.stop()
    }

    private func prepareNextImage() throws(OperationError) -> NextImage {
        guard session == nil, !isEnding else {
            throw OperationError("a change is under way", hint: "wait for its end and try again", exitCode: 3)
        }
        guard !endsWithLastClient else {
            throw OperationError("the stack ends with its `anyclaude run`, which would not outlive this", hint: "end that one first", exitCode: 3)
        }
        // The kernel marks a file that was replaced; what is at its place now is the new program.
        let deleted = " (deleted)"
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &buffer, buffer.count)
        guard length > 0 else { throw .system("cannot tell which program this is", errno: errno) }
        var program = String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        if program.hasSuffix(deleted) { program.removeLast(deleted.count) }
        guard access(program, X_OK) == 0 else { throw .system("cannot execute \(program)", errno: errno, exitCode: 66) }
        // What is current starts: it may have to be, where something has ended meanwhile.
        return NextImage(
            program: program, arguments: [CommandLine.arguments.first ?? program, "--instance", instance.name], listeners: listeners.descriptors)
    }

    /// - Throws: where there is no new image; the process then has nothing left to go on with, and its successor adopts what it had.
    static func execute(_ image: NextImage) throws(OperationError) -> Never {
        let first: CInt = 3
        // Out of each other's way first: every place to be filled may hold one that is still to be moved.
        let moved = image.listeners.map { fcntl($0, F_DUPFD_CLOEXEC, first + CInt(image.listeners.count)) }
        for (offset, descriptor) in moved.enumerated() { dup2(descriptor, first + CInt(offset)) }
        setenv("LISTEN_PID", String(getpid()), 1)
        setenv("LISTEN_FDS", String(moved.count), 1)
        setenv("LISTEN_FDNAMES", moved.indices.map { "listener\($0)" }.joined(separator: ":"), 1)
        var arguments: [UnsafeMutablePointer<CChar>?] = image.arguments.map { strdup($0) } + [nil]
        execv(image.program, &arguments)
        throw .system("cannot execute \(image.program)", errno: errno, exitCode: 70)
    }
}
