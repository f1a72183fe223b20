import Diagnostics
import Glibc

/// Why a configuration file could not be taken.
public struct ConfigFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, lower case, without a full stop.
    public var message: String
    public var hint: String
    /// The exit code of the command: 66 no input, 74 input/output error, 77 no permission, 78 configuration error.
    public var exitCode: Int
    public var code: DiagnosticCode

    public init(message: String, hint: String, exitCode: Int, code: DiagnosticCode) {
        self.message = message
        self.hint = hint
        self.exitCode = exitCode
        self.code = code
    }

    public var description: String { message }
}

/// Where a configuration is looked for, and how it is read.
public enum ConfigurationFile {
    /// In this order; the first that exists is taken.
    public static let names = [".anyclauderc.yaml", ".anyclauderc.yml", ".anyclauderc.json", ".anyclauderc"]
    /// A configuration is small; what is larger is a mistake or an attack.
    public static let defaultMaximumBytes = 1 << 20

    public struct Found: Sendable, Equatable {
        public var path: String
        /// Other configurations in the same folder, which are not read.
        public var shadowed: [String]

        public init(path: String, shadowed: [String]) {
            self.path = path
            self.shadowed = shadowed
        }
    }

    /// - Throws: where none of `names` is in `directory` (exit code 66).
    public static func find(in directory: String) throws(ConfigFileError) -> Found {
        let prefix = directory.isEmpty || directory.hasSuffix("/") ? directory : directory + "/"
        let present = names.map { prefix + $0 }.filter { access($0, F_OK) == 0 }
        guard let first = present.first else {
            throw ConfigFileError(
                message: "no configuration in \(directory.isEmpty ? "." : directory)",
                hint: "looked for \(names.joined(separator: ", ")); name one with -f FILE", exitCode: 66, code: .noFile)
        }
        return Found(path: first, shadowed: Array(present.dropFirst()))
    }

    /// Reads a whole file, or standard input where `path` is `-`. Nothing beyond `maximumBytes` is ever held.
    public static func read(_ path: String, maximumBytes: Int = defaultMaximumBytes) throws(ConfigFileError) -> SourceFile {
        if path == "-" { return SourceFile(path: "<stdin>", bytes: try readAll(STDIN_FILENO, "<stdin>", maximumBytes, expected: 64 << 10)) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(errno, path) }
        defer { close(descriptor) }
        return SourceFile(path: path, bytes: try readRegular(descriptor, path, maximumBytes))
    }

    static func readRegular(_ descriptor: Int32, _ path: String, _ maximumBytes: Int) throws(ConfigFileError) -> [UInt8] {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw failure(errno, path) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw ConfigFileError(
                message: "\(path) is not a regular file", hint: "name a file, or - for standard input", exitCode: 66, code: .notAFile)
        }
        return try readAll(descriptor, path, maximumBytes, expected: Int(status.st_size))
    }

    private static func readAll(
        _ descriptor: Int32, _ path: String, _ maximumBytes: Int, expected: Int
    ) throws(ConfigFileError) -> [UInt8] {
        // One byte more than is expected shows that the file ends there, or goes on.
        var size = min(expected, maximumBytes) + 1
        var bytes: [UInt8] = []
        while true {
            let chunk = try readChunk(descriptor, path, size)
            guard bytes.count + chunk.count <= maximumBytes else {
                throw ConfigFileError(
                    message: "\(path) is larger than \(maximumBytes) bytes", hint: "a configuration is small: is this the right file?", exitCode: 78,
                    code: .fileTooLarge)
            }
            if bytes.isEmpty { bytes = chunk } else { bytes += chunk }
            if chunk.count < size { return bytes }
            size = 64 << 10
        }
    }

    /// The next `size` bytes; fewer where the file ends before.
    private static func readChunk(_ descriptor: Int32, _ path: String, _ size: Int) throws(ConfigFileError) -> [UInt8] {
        var failed: Int32?
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size, failed == nil {
                let more = Glibc.read(descriptor, buffer.baseAddress.map { $0 + count }, size - count)
                if more == 0 { return }
                if more > 0 { count += more } else if errno != EINTR { failed = errno }
            }
        }
        if let failed { throw failure(failed, path) }
        return bytes
    }

    static func failure(_ number: Int32, _ path: String) -> ConfigFileError {
        let reason = String(cString: strerror(number))
        return switch number {
        case ENOENT, ENOTDIR:
            ConfigFileError(message: "\(path): no such file", hint: "name a configuration with -f FILE", exitCode: 66, code: .noFile)
        case EACCES, EPERM:
            ConfigFileError(
                message: "\(path): no permission to read", hint: "check the owner and mode of the file", exitCode: 77, code: .unreadableFile)
        default:
            ConfigFileError(message: "\(path): \(reason)", hint: "the file could not be read", exitCode: 74, code: .unreadableFile)
        }
    }
}
