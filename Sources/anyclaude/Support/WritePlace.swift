import Glibc

/// Whose choice a path is to which a command writes: it decides what can be done where that fails.
enum WritePlace {
    /// Below the folders of an instance.
    case state
    /// A file that the user named, or one beside it.
    case named
    /// A file for a secret.
    case secrets

    /// - Parameter code: the `errno` of the call on `path`.
    func hint(_ path: String, errno code: Int32) -> String {
        let directory = Paths.directory(of: path)
        let folder = directory == "." ? "the current folder" : directory
        switch (self, code) {
        case (.state, EACCES), (.state, EPERM), (.state, EROFS): return "check who owns the folder and its mode"
        case (.state, _): return "choose another place with ANYCLAUDE_HOME"
        case (.secrets, EACCES), (.secrets, EPERM): return "check who owns \(folder) and its mode, or name another folder with --secrets DIR"
        case (.secrets, _): return "name another folder with --secrets DIR"
        // A file takes the old one's place from beside it, so that the folder's mode decides and not the file's.
        case (.named, EACCES), (.named, EPERM): return "new files are made in \(folder): check who owns it and its mode"
        case (.named, EROFS): return "nothing can be written to the file system of \(folder): name another place"
        case (.named, ENOENT): return "make the folder \(directory) first, or name another place"
        case (.named, ENOTDIR): return "a part of \(folder) is a file, not a folder: name another place"
        case (.named, EISDIR): return "\(path) is a folder: name a file"
        case (.named, ENOSPC), (.named, EDQUOT): return "make room on the disk of \(folder), or name another place"
        case (.named, ENAMETOOLONG): return "choose a shorter name"
        case (.named, _): return "look at \(folder), or name another place"
        }
    }
}
