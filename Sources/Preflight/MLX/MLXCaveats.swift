import LaunchPlan

/// What is known to go wrong with MLX's servers on Linux, by what is installed (facts/mlx-workers.md, sections 1, 3 and 4).
///
/// What makes every request fail is an error; the rest are warnings. Pure: the files were read before.
struct MLXCaveats {
    /// What is read of a model's folder.
    struct Model: Equatable {
        /// `extra_special_tokens` in tokenizer_config.json is a list, as transformers 5 writes it.
        var hasTokenList = false
        /// tokenizer_config.json has a `chat_template`.
        var hasTemplateKey = true
        /// config.json says that the weights are float32.
        var isSinglePrecision = false
        /// The template's text, of that key or of chat_template.jinja.
        var template = ""
    }

    let python: PythonEnvironment
    /// The path of the program that is started.
    var program: String
    /// A C++ compiler is on the worker's PATH.
    var hasCompiler = true

    /// The set of versions that was seen to work together, as pip takes it.
    private static let textgenSet =
        "\"mlx[cpu]==0.31.2\" \"mlx-lm==0.26.4\" \"mlx-vlm==0.3.2\" \"outlines==0.2.3\" \"transformers<5\" mlx-textgen==0.2.1"

    /// - Parameters:
    ///   - readsMetalLimit: the package still asks for what only Metal tells.
    ///   - losesStreamedCalls: the package still ends a streamed answer where a call begins.
    ///   - model: nil where it is not a folder on this disk.
    func textgen(readsMetalLimit: Bool, losesStreamedCalls: Bool, model: Model?) -> [PreflightFinding] {
        var found: [PreflightFinding] = []
        let pip = "\(python.pip) install \(Self.textgenSet)"
        if readsMetalLimit, let version = python["mlx-textgen"] {
            found.append(
                PreflightFinding(
                    .error,
                    "mlx-textgen \(version) asks for `max_recommended_working_set_size`, which MLX tells with Metal only: every request is answered 500",
                    hint:
                        "no version repairs it: leave PYTHONPATH out of `environment`, so that anyclaude can, or write `\(Self.shim)` into \(program) "
                        + "before `from mlx_textgen.cli import main`, or use `engine: mlx-lm`"
                ))
        }
        if losesStreamedCalls, let version = python["mlx-textgen"] {
            found.append(
                PreflightFinding(
                    .warning, "mlx-textgen \(version) ends a streamed answer where the model begins a tool call: the call is lost",
                    hint: "leave PYTHONPATH out of `environment`, so that anyclaude can repair it"))
        }
        if let mlx = python["mlx"], mlx.isAtLeast(0, 32) {
            found.append(
                PreflightFinding(
                    .error, "mlx \(mlx) binds its streams to threads: mlx-textgen fails with `There is no Stream(cpu, 0) in current thread`",
                    hint: pip))
        }
        if let model, !model.isSinglePrecision, let text = wrongPositions {
            found.append(PreflightFinding(.error, text, hint: pip))
        } else if model == nil, let text = wrongPositions {
            found.append(PreflightFinding(.warning, text, hint: pip))
        }
        if let mlx = python["mlx"], !mlx.isAtLeast(0, 32), !hasCompiler {
            found.append(
                PreflightFinding(
                    .error, "mlx \(mlx) compiles its kernels when it runs, and g++ is not on PATH: every request is answered 500",
                    hint: "apt-get install g++"))
        }
        if let outlines = python["outlines"], outlines.isAtLeast(1) {
            found.append(
                PreflightFinding(
                    .warning, "outlines \(outlines) is another library than mlx-textgen calls (0.2): tool calls and response formats fail",
                    hint: "\(python.pip) install \"outlines==0.2.3\""))
        }
        if let transformers = python["transformers"], transformers.isAtLeast(5) {
            found.append(
                PreflightFinding(
                    .warning, "mlx-textgen was not seen to work with transformers \(transformers)", hint: "\(python.pip) install \"transformers<5\""))
        }
        return found + (model.map(textgenModel) ?? [])
    }

    /// Measured: `mx.fast.rope` of bf16 on a CPU differs from float32 by more than the values are large, from 0.26.5 to 0.29.4, not from 0.30.6 on.
    private var wrongPositions: String? {
        guard let mlx = python["mlx"], !mlx.isAtLeast(0, 30), python["mlx-cuda"] == nil else { return nil }
        return "mlx \(mlx) computes positions wrongly on a CPU for models that are not float32: answers to all but short prompts are nonsense"
    }

    private func textgenModel(_ model: Model) -> [PreflightFinding] {
        var found: [PreflightFinding] = []
        let copy = "copy tokenizer_config.json and tokenizer.json of the original model into the folder"
        if let transformers = python["transformers"], !transformers.isAtLeast(5) {
            if model.hasTokenList {
                found.append(
                    PreflightFinding(
                        .error,
                        "the model's tokenizer_config.json is of transformers 5 (`extra_special_tokens` is a list): transformers \(transformers) cannot "
                            + "load it, and every request is answered 500", hint: copy))
            }
            if !model.hasTemplateKey {
                found.append(
                    PreflightFinding(
                        .warning, "the model's tokenizer_config.json has no `chat_template`: transformers \(transformers) may not find its template",
                        hint: copy))
            }
        }
        if let why = Self.textualCalls(model.template) {
            found.append(
                PreflightFinding(
                    .warning, "\(why): mlx-textgen gives tool calls back as text",
                    hint: "use `engine: mlx-lm` or `engine: native` with this model where tools matter"))
        }
        return found
    }

    /// Why the server never sees the beginning of a call: what it takes for the beginning is more than the model writes.
    private static func textualCalls(_ template: String) -> String? {
        if template.contains("<function=") { return "the model's template writes tool calls as XML (`<function=`)" }
        if template.contains("<tool_call>"), template.contains("<think>\\n\\n</think>") {
            return "the model's template puts an empty `<think>` before its answers"
        }
        return nil
    }

    /// A line for the program itself, before it begins: the limit means something to Metal only.
    static let shim = "import contextlib, mlx_textgen.model_utils as m; m.wired_limit = lambda *a, **k: contextlib.nullcontext()"

    /// - Parameter hubFolder: where the server looks for models by id; nil where it is there.
    func mlxLM(missingHubFolder hubFolder: String?) -> [PreflightFinding] {
        var found = wrongPositions.map { [PreflightFinding(.warning, $0, hint: "\(python.pip) install --upgrade \"mlx[cpu]\" mlx-lm")] } ?? []
        guard let hubFolder else { return found }
        found.append(
            PreflightFinding(
                .warning, "\(hubFolder) does not exist: mlx_lm.server answers /v1/models with an empty body", hint: "mkdir -p \(hubFolder)"))
        return found
    }
}
