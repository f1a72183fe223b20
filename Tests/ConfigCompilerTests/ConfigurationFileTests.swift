import ConfigCompiler
import Diagnostics
import FoundationEssentials
import Testing

@Suite struct ConfigurationFileTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.path)
    }

    @Test func theFirstNameIsTakenAndTheOthersAreNamed() throws {
        try withFolder { folder in
            let missing = #expect(throws: ConfigFileError.self) { try ConfigurationFile.find(in: folder) }
            #expect(missing?.exitCode == 66)
            #expect(missing?.code == .noFile)
            try "backend: claude".write(toFile: folder + "/.anyclauderc.json", atomically: true, encoding: .utf8)
            #expect(try ConfigurationFile.find(in: folder) == .init(path: folder + "/.anyclauderc.json", shadowed: []))
            try "backend: claude".write(toFile: folder + "/.anyclauderc.yaml", atomically: true, encoding: .utf8)
            #expect(
                try ConfigurationFile.find(in: folder + "/") == .init(path: folder + "/.anyclauderc.yaml", shadowed: [folder + "/.anyclauderc.json"]))
        }
    }

    @Test func faultsOfFilesHaveTheirExitCodes() throws {
        try withFolder { folder in
            let notAFile = #expect(throws: ConfigFileError.self) { try ConfigurationFile.read(folder) }
            #expect(notAFile?.code == .notAFile)
            let none = #expect(throws: ConfigFileError.self) { try ConfigurationFile.read(folder + "/none") }
            #expect(none?.exitCode == 66)
            try Data(count: 3000).write(to: URL(fileURLWithPath: folder + "/big"))
            let large = #expect(throws: ConfigFileError.self) { try ConfigurationFile.read(folder + "/big", maximumBytes: 2999) }
            #expect(large?.code == .fileTooLarge)
            #expect(large?.exitCode == 78)
            #expect(try ConfigurationFile.read(folder + "/big", maximumBytes: 3000).bytes.count == 3000)
        }
    }
}
