import Checkpoint
import Logging

/// From a checkpoint's directory to a model that has generated a token.
enum ModelLoading {
    /// - Parameter report: told what is being done; of the weights, how much of their bytes is loaded.
    static func load(_ launch: RuntimeLaunch, logger: Logger, _ report: @escaping @Sendable (String) -> Void) async throws -> ServedModel {
        report("reading \(launch.model)")
        let tokenizer = try Tokenizer(directory: launch.model)
        let template = try ChatTemplate.ofCheckpoint(launch.model)
        let toolTemplate = try ChatTemplate.ofCheckpoint(launch.model, usesTools: true)
        let defaults = try Sampling.ofCheckpoint(launch.model)
        let loaded: @Sendable (Int) -> Void = { report("loading the weights: \($0) %") }
        loaded(0)
        // As long as the disk takes, `/health` must be answered.
        let (model, packedFile) = try await WorkerThread.result("load") {
            let checkpoint = try Checkpoint.read(launch.model)
            let cache = launch.engine.cache
            let packedFile = (cache.enabled ? cache.directory : nil).flatMap { PackedFile(directory: $0, checkpoint: checkpoint) }
            let model = try LanguageModel(
                checkpoint: checkpoint, precision: .fast, threads: launch.threads, instructionSet: nil, packedFile: packedFile, onPercent: loaded)
            return (model, packedFile)
        }
        guard tokenizer.vocabularySize <= model.vocabularySize else {
            throw RuntimeError(
                "the tokenizer has \(tokenizer.vocabularySize) tokens, the model only \(model.vocabularySize)",
                hint: "tokenizer.json and config.json are not of one checkpoint", file: launch.model)
        }
        report("starting the engine")
        let engine = try Engine(model: model, settings: launch.engine)
        if let failure = engine.cacheFailure { logger.warning("nothing is kept on disk", metadata: ["reason": "\(failure)"]) }
        let served = ServedModel(
            name: launch.name, created: Identifiers.now(), tokenizer: tokenizer, template: template, toolTemplate: toolTemplate, engine: engine,
            stopTokens: Set(model.configuration.endTokens), defaults: defaults,
            fingerprint: try ServedFingerprint.of(model, directory: launch.model, contextWindow: engine.contextWindow))
        report("generating a first token")
        try await generateOneToken(served)
        if let packedFile, !model.isFromPackedFile { keep(model, packedFile, logger: logger) }
        return served
    }

    /// So that the next start need not pack the weights again. On a thread of its own, which answers do not wait for.
    private static func keep(_ model: LanguageModel, _ file: PackedFile, logger: Logger) {
        do throws(RuntimeError) {
            _ = try WorkerThread(name: "pack") {
                do throws(RuntimeError) {
                    try file.write(model.weights)
                } catch {
                    logger.warning("the packed weights are not kept", metadata: ["reason": "\(error)"])
                }
            }
        } catch {
            logger.warning("the packed weights are not kept", metadata: ["reason": "\(error)"])
        }
    }

    /// A server that has generated a token can generate tokens.
    private static func generateOneToken(_ model: ServedModel) async throws {
        let prompt = try model.tokenizer.encode("Hello", addSpecialTokens: true)
        var isFinished = false
        for try await event in model.engine.generate(GenerationRequest(prompt: prompt, maxTokens: 1, isSideCall: true)) {
            if case .finished = event { isFinished = true }
        }
        guard isFinished else { throw RuntimeError("the engine ended the first generation without a result") }
    }
}
