import FoundationEssentials
import Glibc
import Testing

extension CommandLineTests {
    /// `validate --fix`: the safe fixes, nothing else, and nothing else of the file.
    @Suite struct FixTests {
        private static let broken = "# mine\nbackend: lmstudio\nbackends:\n  lmstudio: { enabled: yes, contextWindow: \"4096\" }  # LM Studio\n"
        private static let fixed = "# mine\nbackend: lmstudio\nbackends:\n  lmstudio: { enabled: true, contextWindow: 4096 }  # LM Studio\n"

        private func status(_ path: String) -> stat {
            var result = stat()
            lstat(path, &result)
            return result
        }

        @Test func modeAndOwnerStay() throws {
            let box = try Sandbox()
            for mode in [0o640, 0o600, 0o444, 0o755] {
                let path = try box.write("a.yaml", Self.broken, mode: mode)
                if geteuid() == 0 { chown(path, 12345, 23456) }
                let before = status(path)
                let run = try box.anyclaude("validate", "--fix", "a.yaml")
                expect(run, exits: 0, saying: "AC0311", "AC0310", "a.yaml:4")
                #expect(try box.text("a.yaml") == Self.fixed)
                let after = status(path)
                #expect(after.st_mode == before.st_mode && after.st_uid == before.st_uid && after.st_gid == before.st_gid)
                // A new file took the old one's place at once: no reader saw half of it.
                #expect(after.st_ino != before.st_ino)
                try FileManager.default.removeItem(atPath: path)
            }
            #expect(try box.files().map(\.name).filter { $0.contains("tmp") } == [])
        }

        @Test func aLinkStaysALink() throws {
            let box = try Sandbox()
            try box.write("real/a.yaml", Self.broken)
            try FileManager.default.createSymbolicLink(atPath: "\(box.folder)/link.yaml", withDestinationPath: "real/a.yaml")
            expect(try box.anyclaude("validate", "--fix", "link.yaml"), exits: 0)
            #expect(status("\(box.folder)/link.yaml").st_mode & S_IFMT == S_IFLNK)
            #expect(try box.text("real/a.yaml") == Self.fixed)
        }

        @Test func standardInput() throws {
            let box = try Sandbox()
            let run = try box.anyclaude("validate", "--fix", "-", input: Self.broken)
            expect(run, exits: 0, output: Self.fixed, saying: "AC0311")
            expect(try box.anyclaude("validate", "--fix", "-", input: Self.fixed), exits: 0, output: Self.fixed)
            // What no fix puts right is told beside the text.
            let rest = try box.anyclaude("validate", "--fix", "-", input: Self.fixed + "nonsense: 1\n")
            expect(rest, exits: 1, output: Self.fixed + "nonsense: 1\n", saying: "AC0301")
            expect(try box.anyclaude("validate", "--fix", "-", "a.yaml", input: ""), exits: 64, output: "", saying: "name `-` alone")
            expect(try box.anyclaude("validate", "--fix", "--format", "json", "-", input: ""), exits: 64, output: "")
        }

        @Test func severalFiles() throws {
            let box = try Sandbox()
            try box.write("a.yaml", Self.broken)
            try box.write("b.yaml", Self.fixed)
            try box.write("c.yaml", Self.broken + "nonsense: 1\n")
            let before = status("\(box.folder)/b.yaml").st_ino
            let run = try box.anyclaude("validate", "--fix", "a.yaml", "b.yaml", "c.yaml", "none.yaml")
            expect(run, exits: 66, saying: "c.yaml:5:1", "none.yaml")
            #expect(try box.text("a.yaml") == Self.fixed)
            #expect(try box.text("c.yaml") == Self.fixed + "nonsense: 1\n")
            #expect(status("\(box.folder)/b.yaml").st_ino == before, "a file without faults was written")
        }

        @Test func quietWhereNothingIsWrong() throws {
            let box = try Sandbox()
            try box.write("a.yaml", Self.fixed)
            let run = try box.anyclaude("validate", "--fix", "a.yaml")
            expect(run, exits: 0, output: "")
            #expect(run.errors == "")
        }

        @Test func suggestionsAreLeftAlone() throws {
            let box = try Sandbox()
            let text = "backend: claud\nbackends: { claude: {} }\n"
            try box.write("a.yaml", text)
            expect(try box.anyclaude("validate", "--fix", "a.yaml"), exits: 1, saying: "AC0502")
            #expect(try box.text("a.yaml") == text)
        }

        @Test func aFolderThatTakesNoFileIsAnError() throws {
            guard geteuid() != 0 else { return }
            let box = try Sandbox()
            try box.write("closed/a.yaml", Self.broken)
            chmod("\(box.folder)/closed", 0o555)
            defer { chmod("\(box.folder)/closed", 0o755) }
            let run = try box.anyclaude("validate", "--fix", "closed/a.yaml")
            expect(run, exits: 77, saying: "closed/a.yaml", "AC0311")
            #expect(try box.text("closed/a.yaml") == Self.broken)
        }

        /// A FIFO would hold the command for ever.
        @Test func aSpecialFileIsRefusedWithoutWaiting() throws {
            let box = try Sandbox()
            try #require(mkfifo("\(box.folder)/gate.yaml", 0o600) == 0)
            try box.write("a.yaml", "include: [gate.yaml]\n" + Self.broken)
            expect(try box.anyclaude("validate", "--fix", "a.yaml"), exits: 1, saying: "AC0605")
            // What can be fixed is.
            #expect(try box.text("a.yaml") == "include: [gate.yaml]\n" + Self.fixed)
            expect(try box.anyclaude("validate", "gate.yaml"), exits: 66, saying: "not a regular file")
        }
    }
}
