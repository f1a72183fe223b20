import FoundationEssentials
import Glibc
import Testing

@testable import anyclaude

struct WritePlaceTests {
    /// Only the folders of an instance are moved by the variable.
    @Test(arguments: [ENOENT, ENOTDIR, EISDIR, EACCES, EPERM, EROFS, ENOSPC, ENAMETOOLONG, EEXIST, EIO])
    func theHintIsAboutThePathThatWasNamed(code: Int32) throws {
        let named = CommandError("write", "some/where/x.yaml", errno: code, place: .named)
        let hint = try #require(named.hint)
        #expect(!hint.contains("ANYCLAUDE_HOME"))
        #expect(hint.contains("some/where") || code == ENAMETOOLONG)
        #expect(try #require(CommandError("write", "k/key", errno: code, place: .secrets).hint).contains("--secrets"))
        let isDenied = [EACCES, EPERM, EROFS].contains(code)
        #expect(named.exitCode == (isDenied ? 77 : 73))
        #expect(try #require(CommandError("write", "/s/log", errno: code, place: .state).hint).contains("ANYCLAUDE_HOME") == !isDenied)
    }

    @Test func theCurrentFolderIsCalledSo() {
        let error = CommandError("write", "x.yaml", errno: EACCES, place: .named)
        #expect(error.hint == "new files are made in the current folder: check who owns it and its mode")
    }

    @Test func aFolderThatIsMissingIsNamed() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        let create = #expect(throws: CommandError.self) { try Files.create([], at: "\(folder)/x.yaml", mode: nil, place: .named) }
        #expect(create?.exitCode == 73 && create?.hint == "make the folder \(folder) first, or name another place")
        let write = #expect(throws: CommandError.self) { try Files.write([], to: "\(folder)/x.yaml", mode: 0o600, place: .named) }
        #expect(write?.exitCode == 73 && write?.hint == create?.hint)
    }
}
