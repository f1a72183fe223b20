import Diagnostics
import LaunchPlan

/// The compiler: source, syntax tree, configuration, launch plan; each stage a value, nothing read but the input.
public enum Compiler {
    public static func compile(_ input: CompilerInput) -> Compilation {
        var sources = SourceMap()
        _ = sources.add(path: input.file.path, bytes: input.file.bytes)
        return Compilation(
            plan: nil, provenance: Provenance(tool: "anyclaude"), diagnostics: [Diagnostic(.internalError, "the compiler is being built")],
            sources: sources)
    }
}
