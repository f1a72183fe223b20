import FoundationEssentials
import Testing

@testable import anyclaude

struct SecretFilesTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try body(folder)
    }

    private func mode(_ path: String) throws -> Int? { try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int }
    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func aSecretIsItsOwnersAlone() throws {
        try withFolder { folder in
            let file = SecretFiles.File(path: folder + "/a/b/key", contents: Array("x\n".utf8))
            try SecretFiles.write([file])
            #expect(try text(file.path) == "x\n")
            #expect(try mode(file.path) == 0o600)
            #expect(try mode(folder + "/a") == 0o700)
            #expect(try mode(folder + "/a/b") == 0o700)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder + "/a/b") == ["key"])
            // The same once more is no fault, and a mode that was too wide is put right.
            try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path)
            try SecretFiles.write([file])
            #expect(try mode(file.path) == 0o600)
        }
    }

    @Test func whatIsThereIsNeverOverwrittenAndNothingElseIsWritten() throws {
        try withFolder { folder in
            try Data("other".utf8).write(to: URL(fileURLWithPath: folder + "/taken"))
            try FileManager.default.createSymbolicLink(atPath: folder + "/link", withDestinationPath: "elsewhere")
            for name in ["taken", "link"] {
                let files = [
                    SecretFiles.File(path: folder + "/free", contents: [0x78]), SecretFiles.File(path: "\(folder)/\(name)", contents: [0x78]),
                ]
                let error = #expect(throws: CommandError.self) { try SecretFiles.write(files) }
                #expect(error?.exitCode == 73 && error?.hint?.contains("--secrets") == true)
            }
            #expect(try text(folder + "/taken") == "other")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["link", "taken"])
        }
    }

    @Test func aFolderThatOthersWriteToIsRefused() throws {
        try withFolder { folder in
            try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder)
            let error = #expect(throws: CommandError.self) { try SecretFiles.write([SecretFiles.File(path: folder + "/key", contents: [0x78])]) }
            #expect(error?.exitCode == 77)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder).isEmpty)
        }
    }

    @Test func aNewFileIsNeverAnother() throws {
        try withFolder { (folder: String) throws in
            #expect(try Files.create([0x61], at: folder + "/f", mode: 0o644, place: .named))
            #expect(try !Files.create([0x62], at: folder + "/f", mode: 0o644, place: .named))
            #expect(try text(folder + "/f") == "a")
            #expect(try mode(folder + "/f") == 0o644)
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == ["f"])
        }
    }
}
