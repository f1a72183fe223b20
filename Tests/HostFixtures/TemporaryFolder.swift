import Glibc
import Host

/// A folder that goes with its test.
package final class TemporaryFolder {
    package let path: String
    private struct Failure: Error {}

    package init() throws {
        var template = Array("/tmp/anyclaude-test-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Failure() }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { Folder.remove(path) }

    package func make(_ name: String) throws { try Folder.make("\(path)/\(name)") }

    package func write(_ name: String, _ text: String, executable: Bool = false) throws {
        let full = "\(path)/\(name)"
        if let slash = full.lastIndex(of: "/") { try Folder.make(String(full[..<slash])) }
        try AtomicFile.write(Array(text.utf8), to: full, mode: executable ? 0o755 : 0o644, durable: false)
    }
}
