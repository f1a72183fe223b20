import Checkpoint
import Glibc

extension KVBudget {
    /// What the settings allow, or what `EngineSettings.kvMemoryBytes` says they mean.
    convenience init(model: LanguageModel, settings: EngineSettings, contextWindow: Int) throws(RuntimeError) {
        let blockBytes = model.blockBytes
        let window = (contextWindow + LanguageModel.blockTokens - 1) / LanguageModel.blockTokens
        if let bytes = settings.kvMemoryBytes {
            guard bytes / blockBytes >= window else {
                throw RuntimeError(
                    "\(bytes) bytes for keys and values do not hold one context of \(contextWindow) tokens, which takes \(window * blockBytes)",
                    hint: "lower the context window, or raise the memory")
            }
            self.init(blockBytes: blockBytes, limit: bytes / blockBytes)
            return
        }
        let overhead = model.configuration.overheadBytes(
            batch: settings.maxBatch, proposed: settings.lookupTokens, streams: settings.lookupStreams)
        let stated = settings.memoryBytes.map { $0 - model.weightBytes - overhead }
        let room = [stated, Self.availableMemory().map { $0 / 2 }].compactMap { $0 }.min()
        self.init(blockBytes: blockBytes, limit: ContextRoom.blocks(window: window, batch: settings.maxBatch, blockBytes: blockBytes, room: room))
    }

    /// `MemAvailable` of /proc/meminfo, in bytes.
    private static func availableMemory() -> Int? {
        guard let file = fopen("/proc/meminfo", "re") else { return nil }
        defer { fclose(file) }
        var line = [CChar](repeating: 0, count: 256)
        while fgets(&line, 256, file) != nil {
            let text = String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            guard text.hasPrefix("MemAvailable:") else { continue }
            return text.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 * 1024 }
        }
        return nil
    }
}
