import ConfigCompiler
import Diagnostics
import FoundationEssentials
import JSON
import LaunchPlan
import Testing

@Suite struct IncludeTests {
    /// Compiles `files[0]`, which may include the others.
    private func compile(_ files: KeyValuePairs<String, String>) -> Compilation {
        let all = Dictionary(uniqueKeysWithValues: files.map { ($0.key, Array($0.value.utf8)) })
        let reader = IncludeReader { (path: [String], _: Int) throws(ConfigFileError) -> [UInt8] in
            guard let bytes = all[path.joined(separator: "/")] else {
                throw ConfigFileError(message: "\(path.joined(separator: "/")): no such file", hint: "write it", exitCode: 66, code: .noFile)
            }
            return bytes
        }
        return Compiler.compile(
            CompilerInput(file: SourceFile(path: "conf/" + files[0].key, bytes: Array(files[0].value.utf8)), includes: reader))
    }

    private func text(_ compilation: Compilation) -> String {
        TextRenderer(color: false).render(compilation.diagnostics, compilation.sources)
    }

    @Test func theIncludingFileGoesBeforeWhatItIncludes() throws {
        let merged = compile([
            "root.yaml": """
            include: [base.yaml, parts/late.json]
            backend: lmstudio
            backends: { lmstudio: { model: mine }, claude: }
            """,
            "base.yaml": "backends: { lmstudio: { model: base, apiKey: { env: BASE } }, claude: { description: kept } }\nproxy: { port: 9001 }\n",
            "parts/late.json": "{\"include\": [\"../deep.yaml\"], \"proxy\": {\"port\": 9002}, \"backends\": {\"lmstudio\": {\"model\": \"late\"}}}",
            "deep.yaml": "proxy: { port: 9003, limits: { maxConcurrent: 7 } }\n",
        ])
        #expect(!merged.hasErrors, "\(text(merged))")
        let single = Compiler.compile(
            CompilerInput(
                file: SourceFile(
                    path: "one.yaml",
                    bytes: Array(
                        """
                        backend: lmstudio
                        backends: { lmstudio: { model: mine, apiKey: { env: BASE } }, claude: { description: kept } }
                        proxy: { port: 9002, limits: { maxConcurrent: 7 } }
                        """.utf8))))
        #expect(try merged.plan?.json() == single.plan?.json())
        #expect(merged.provenance.files.map(\.path) == ["conf/root.yaml", "conf/base.yaml", "conf/parts/late.json", "conf/deep.yaml"])
        let inputs = Dictionary(uniqueKeysWithValues: merged.provenance.inputs["proxy"]?.map { ($0.key, $0.source) } ?? [])
        #expect(inputs["proxy.port"] == "conf/parts/late.json:1:49")
        #expect(inputs["proxy.limits.maxConcurrent"] == "conf/deep.yaml:1:47")
        #expect(inputs["backends.lmstudio.model"] == "conf/root.yaml:3:32")
    }

    @Test func listsReplace() {
        let merged = compile([
            "root.yaml": "include: [base.yaml]\nroutes: [{ match: { model: a }, to: claude }]\n",
            "base.yaml": "backend: claude\nroutes: [{ match: { model: b }, to: nowhere }]\n",
        ])
        #expect(!merged.hasErrors, "\(text(merged))")
    }

    @Test func faultsPointIntoTheirOwnFile() throws {
        let result = compile(["root.yaml": "include: [base.yaml]\nbackend: claude\n", "base.yaml": "proxy:\n  prot: 1\n"])
        #expect(text(result).contains("conf/base.yaml:2:3"), "\(text(result))")
        let broken = compile(["root.yaml": "include: [base.yaml]\nbackend: claude\n", "base.yaml": "a: [1\n"])
        #expect(broken.diagnostics.map(\.code) == [.unclosedCollection])
        #expect(text(broken).contains("conf/base.yaml:"))
    }

    @Test func circlesAreNamed() {
        let result = compile([
            "root.yaml": "include: [a.yaml]\nbackend: claude\n", "a.yaml": "include: [sub/b.yaml]\n", "sub/b.yaml": "include: [../a.yaml]\n",
        ])
        #expect(result.diagnostics.map(\.code) == [.includeCycle])
        #expect(text(result).contains("`a.yaml` → `sub/b.yaml` → `a.yaml`"), "\(text(result))")
        #expect(compile(["root.yaml": "include: [./root.yaml]\nbackend: claude\n"]).diagnostics.map(\.code) == [.includeCycle])
    }

    @Test(arguments: ["/etc/passwd", "../outside.yaml", "sub/../../outside.yaml", "~/x.yaml", "none.yaml", "", ".", "sub/", "\\0"])
    func pathsThatLeaveAreRefused(path: String) {
        let result = compile(["root.yaml": "include: [\"\(path)\"]\nbackend: claude\n"])
        #expect(result.diagnostics.map(\.code) == [.badInclude], "\(text(result))")
    }

    @Test func onlyAListOfPathsIsTaken() {
        #expect(compile(["root.yaml": "include: base.yaml\nbackend: claude\n"]).diagnostics.map(\.code) == [.wrongType])
        #expect(compile(["root.yaml": "include: [1]\nbackend: claude\n"]).diagnostics.map(\.code) == [.wrongType])
        #expect(compile(["root.yaml": "include: [l.yaml]\nbackend: claude\n", "l.yaml": "- 1\n"]).diagnostics.map(\.code) == [.notAMapping])
    }

    @Test func theNumberDepthAndSizeAreBounded() {
        let many = (0..<40).map { "f\($0).yaml" }
        let wide = compileAll("include: [\(many.joined(separator: ", "))]\nbackend: claude\n", many.map { ($0, "{}") })
        #expect(wide.diagnostics.map(\.code) == [.badInclude] && text(wide).contains("more than 32 files"))
        let deep = compileAll(
            "include: [f0.yaml]\nbackend: claude\n", (0..<12).map { ("f\($0).yaml", $0 == 11 ? "{}" : "include: [f\($0 + 1).yaml]\n") })
        #expect(deep.diagnostics.map(\.code) == [.badInclude] && text(deep).contains("8 files deep"))
        let large = "# " + String(repeating: "x", count: 1 << 20) + "\n{}"
        let heavy = compileAll("include: [a.yaml, b.yaml, c.yaml, d.yaml]\nbackend: claude\n", ["a", "b", "c", "d"].map { ("\($0).yaml", large) })
        #expect(heavy.diagnostics.map(\.code) == [.badInclude] && text(heavy).contains("4194304 bytes"))
    }

    private func compileAll(_ root: String, _ files: [(String, String)]) -> Compilation {
        let all = Dictionary(uniqueKeysWithValues: files)
        let reader = IncludeReader { (path: [String], _: Int) throws(ConfigFileError) -> [UInt8] in Array((all[path[0]] ?? "").utf8) }
        return Compiler.compile(CompilerInput(file: SourceFile(path: "root.yaml", bytes: Array(root.utf8)), includes: reader))
    }

    @Test func aSecretThatIsReplacedIsNotShown() {
        let result = compile([
            "root.yaml": "include: [base.yaml]\nbackend: lmstudio\nbackends: { lmstudio: { apiKey: { env: MINE } } }\n",
            "base.yaml": "backends:\n  lmstudio: { apiKey: sk-canary-4711, modle: x }\n",
        ])
        #expect(result.hasErrors && !text(result).contains("canary"), "\(text(result))")
    }

    @Test func linksAndFoldersAreNotFollowed() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("include-\(UInt64.random(in: 0...UInt64.max))")
        try FileManager.default.createDirectory(at: folder.appendingPathComponent("sub"), withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data("proxy: { port: 9001 }\n".utf8).write(to: folder.appendingPathComponent("sub/good.yaml"))
        try FileManager.default.createSymbolicLink(
            atPath: folder.appendingPathComponent("link.yaml").path, withDestinationPath: folder.appendingPathComponent("sub/good.yaml").path)
        try FileManager.default.createSymbolicLink(atPath: folder.appendingPathComponent("linked").path, withDestinationPath: "sub")
        func result(_ path: String) -> Compilation {
            Compiler.compile(
                CompilerInput(
                    file: SourceFile(path: "root.yaml", bytes: Array("include: [\(path)]\nbackend: claude\n".utf8)), includes: .folder(folder.path)))
        }
        #expect(!result("sub/good.yaml").hasErrors)
        #expect(text(result("link.yaml")).contains("symbolic link `link.yaml`"))
        #expect(text(result("linked/good.yaml")).contains("symbolic link `linked`"))
        #expect(result("sub").diagnostics.map(\.code) == [.badInclude])
        #expect(result("sub/none.yaml").diagnostics.map(\.code) == [.badInclude])
        #expect(Compiler.compile(CompilerInput(file: SourceFile(path: "-", bytes: Array("include: [a]\nbackend: claude\n".utf8)))).hasErrors)
    }
}
