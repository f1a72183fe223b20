import FoundationEssentials
import JSON
import Logging
import Messages

/// Computes the prompts that the plan names before the first conversation asks for them, and pins them. They are requests like others: a
/// client that comes meanwhile is served beside them.
struct WarmUp: Sendable {
    let model: ServedModel
    let logger: Logger

    /// Each file is a prefix as `PUT /v1/prefixes` takes it (`messages`, `tools`), or else the text of a system message. One that cannot be used
    /// is told to the log, and the others go on.
    func run(_ files: [String]) async {
        for file in files {
            do {
                let tokens = try await TextEndpoints(model: model, prefixes: PrefixStore()).warm(try Self.prefix(file))
                logger.info("warmed up", metadata: ["file": "\(file)", "tokens": "\(tokens)"])
            } catch is CancellationError {
                return
            } catch {
                logger.warning("a prompt could not be warmed up", metadata: ["file": "\(file)", "reason": "\(error)"])
            }
        }
    }

    static func prefix(_ file: String) throws -> Native.Prefix {
        let bytes: [UInt8]
        do {
            bytes = Array(try Data(contentsOf: URL(filePath: file)))
        } catch {
            throw RuntimeError("the prompt to warm up cannot be read", hint: "see `cache.warm`", file: file)
        }
        guard file.hasSuffix(".json") else {
            return Native.Prefix(messages: [["role": "system", "content": .string(String(decoding: bytes, as: UTF8.self))]], tools: [])
        }
        let prefix = try Native.Prefix(try JSON(parsing: bytes))
        guard !prefix.messages.isEmpty || !prefix.tools.isEmpty else {
            throw RuntimeError(
                "the prompt to warm up has neither `messages` nor `tools`", hint: "write them as a request to /v1/chat/completions has them",
                file: file)
        }
        return prefix
    }
}
