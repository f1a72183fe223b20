import FoundationEssentials
import Glibc
import Serving
import Testing

@Suite struct PassedDocumentsTests {
    @Test func credentialsStandInForDescriptors() throws {
        let folder = "\(FileManager.default.temporaryDirectory.path)/credentials-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for (name, text) in ["settings": "{}", "secret.proxy.authToken": "open sesame\n", "secret.two": "a\n\n"] {
            try Data(text.utf8).write(to: URL(filePath: "\(folder)/\(name)"))
        }
        let passed = PassedDocuments(descriptors: InheritedDescriptors.take(), credentials: folder)
        #expect(try passed.settings(named: "settings") == Array("{}".utf8))
        #expect(try passed.secrets(named: "secrets") == nil)
        #expect(try passed.secret("proxy.authToken") == "open sesame")
        #expect(try passed.secret("two") == "a\n")
        #expect(try passed.secret("three") == nil)
        #expect(try passed.secret("../settings") == nil)
        #expect(throws: ServingError.self) { try passed.settings(named: "other") }
        #expect(throws: ServingError.self) {
            try PassedDocuments(descriptors: InheritedDescriptors.take(), credentials: nil).settings(named: "settings")
        }
    }
}
