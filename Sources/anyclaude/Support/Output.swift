import Glibc
import JSON

/// Where a command writes: results to standard output, everything about the way to them to standard error.
enum Output {
    static func print(_ text: String, terminator: String = "\n") { write(Array((text + terminator).utf8), to: STDOUT_FILENO) }

    /// A line of UTF-8.
    static func print(_ bytes: [UInt8]) { write(bytes + [0x0A], to: STDOUT_FILENO) }

    static func note(_ text: String, terminator: String = "\n") { write(Array((text + terminator).utf8), to: STDERR_FILENO) }

    /// A document for programs: indented on a terminal, one line otherwise.
    static func print(_ document: JSON) { print(Terminal.isTerminal(STDOUT_FILENO) ? document.prettyText : document.text) }

    /// Says what is wrong and what to do. It may quote a process, a server or a file: a terminal must not obey them.
    static func report(_ error: CommandError, style: Style) {
        guard let message = error.message else { return }
        note("\(style.error("error")): \(Text.printable(message))")
        if let hint = error.hint { note("\(style.hint("hint")): \(Text.printable(hint))") }
    }

    /// A text as it is, whatever its encoding.
    static func print(bytes: [UInt8]) { write(bytes, to: STDOUT_FILENO) }

    private static func write(_ bytes: [UInt8], to descriptor: Int32) {
        var bytes = bytes[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count >= 0 {
                bytes = bytes.dropFirst(count)
            } else if errno == EAGAIN {
                var entry = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = poll(&entry, 1, -1)
            } else if errno != EINTR {
                // A result that could not be written must not look like a success; there is nowhere to say more.
                if descriptor == STDOUT_FILENO { exit(ExitStatus.inputOutput) }
                return
            }
        }
    }
}

extension JSON {
    /// The document with the version of its shape in front.
    func versioned() -> JSON {
        guard case .object(let object) = self else { return self }
        return .object(JSONObject([JSONObject.Member(key: "format_version", value: "1.0")] + object.members))
    }
}
