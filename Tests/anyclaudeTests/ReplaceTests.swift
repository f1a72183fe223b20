import FoundationEssentials
import Testing

@testable import anyclaude

struct ReplaceTests {
    private func withFile(_ text: String, _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/f"))
        try body(folder + "/f")
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test(arguments: [0o640, 0o600, 0o444])
    func theModeStays(mode: Int) throws {
        try withFile("old") { path in
            try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
            try Files.replace(path, old: Array("old".utf8), new: Array("new".utf8))
            #expect(try text(path) == "new")
            #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == mode)
            #expect(try FileManager.default.contentsOfDirectory(atPath: Paths.directory(of: path)) == ["f"])
        }
    }

    @Test func aLinkStaysALink() throws {
        try withFile("old") { path in
            try FileManager.default.createSymbolicLink(atPath: path + ".link", withDestinationPath: "f")
            try Files.replace(path + ".link", old: Array("old".utf8), new: Array("new".utf8))
            #expect(try text(path) == "new")
            #expect(try FileManager.default.destinationOfSymbolicLink(atPath: path + ".link") == "f")
        }
    }

    @Test func whatAnotherProgramWroteIsKept() throws {
        try withFile("newer") { path in
            let error = #expect(throws: CommandError.self) { try Files.replace(path, old: Array("old".utf8), new: Array("new".utf8)) }
            #expect(error?.exitCode == 3)
            let kept = try text(path)
            #expect(kept == "newer")
        }
    }
}
