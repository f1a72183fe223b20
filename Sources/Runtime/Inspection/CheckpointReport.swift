import Checkpoint
import JSON
import Messages

/// What a checkpoint is and what it will need, without its weights being read.
public struct CheckpointReport: Sendable {
    public let json: JSON

    /// Reads the checkpoint's headers.
    public init(model: String) throws(RuntimeError) {
        let checkpoint = try Checkpoint.read(model)
        let it = checkpoint.configuration
        let tokenizer = try Tokenizer(directory: model)
        let template = try ChatTemplate.ofCheckpoint(model, usesTools: true)
        let window = min(it.maxPositions, 8192)
        let memory = checkpoint.memoryEstimate(contextTokens: window, slots: 1)
        json = [
            "directory": .string(checkpoint.directory), "architecture": .string(it.architecture.rawValue), "layers": .integer(it.layers),
            "hidden_size": .integer(it.hiddenSize), "vocabulary": .integer(it.vocabularySize), "context_window": .integer(it.maxPositions),
            "quantized": .bool(it.quantization != nil), "weight_bytes": .integer(checkpoint.weightBytes),
            "kv_bytes_per_token": .integer(checkpoint.kvBytesPerToken()),
            "memory": [
                "context_tokens": .integer(window), "weights": .integer(memory.weights), "keys_and_values": .integer(memory.keysAndValues),
                "overhead": .integer(memory.overhead), "total": .integer(memory.total),
            ],
            "tokens": .integer(tokenizer.vocabularySize), "chat_template": .bool(template != nil),
            "tool_dialect": template.flatMap { ToolCallDialects.written(by: $0.source) }.map { .string($0.name) } ?? .null,
            "fingerprint": .string(checkpoint.fingerprint),
        ]
    }
}
