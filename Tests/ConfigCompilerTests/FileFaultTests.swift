import ConfigCompiler
import Diagnostics
import FoundationEssentials
import Testing

/// Findings about files themselves, in the form in which reports show them.
@Suite struct FileFaultTests {
    @Test func faultsOfFilesHaveTheirGoldenOutputs() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString).path
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try Data(count: (1 << 20) + 1).write(to: URL(fileURLWithPath: folder + "/large.yaml"))
        let inputs = [folder + "/none.yaml", folder, folder + "/large.yaml"].map { path in
            do throws(ConfigFileError) {
                return Findings(path: try ConfigurationFile.read(path).path, diagnostics: [])
            } catch {
                return Findings(path: path, diagnostics: [Diagnostic(error)])
            }
        }
        #expect(inputs.flatMap(\.diagnostics).map(\.code) == [.noFile, .notAFile, .fileTooLarge])
        let text = TextRenderer(color: false).render(Report(inputs))
        try Fixtures.expectGolden(text.replacing(folder, with: "FOLDER"), "files.txt")
    }
}
