import Glibc

/// A relative program name is searched as a shell would, on the PATH that the service gets.
package enum ProgramSearch {
    /// - Throws: where it was looked for.
    package static func find(_ name: String, path: String, directory: String) throws(OperationError) -> String {
        if name.contains("/") {
            let full = name.hasPrefix("/") ? name : "\(directory)/\(name)"
            guard access(full, F_OK) == 0 else { throw .system("cannot execute \(full)", errno: errno) }
            guard isExecutable(full) else {
                throw OperationError("cannot execute \(full): it is not an executable file", hint: "chmod +x \(full)", exitCode: 77)
            }
            return full
        }
        for folder in path.split(separator: ":") where isExecutable("\(folder)/\(name)") { return "\(folder)/\(name)" }
        throw OperationError("the program \(name) was not found on PATH (\(path))", hint: "install it, or name it by its path", exitCode: 66)
    }

    private static func isExecutable(_ path: String) -> Bool {
        var status = stat()
        return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
    }
}
