import JSON
import Messages

/// What a checkpoint does with one JSON line of input: for users who wonder, and for comparison with other implementations.
public enum Inspection {
    /// Answers lines; what is wrong with one is its answer, `{"error"}`, and the next is read.
    public protocol Command {
        func answer(_ line: JSON) throws -> JSON
    }

    /// The answer to one line of text.
    public static func answer(_ line: String, by command: any Command) -> JSON {
        do {
            return try command.answer(try JSON(parsing: line))
        } catch let error as RuntimeError {
            return ["error": .string(error.message)]
        } catch {
            return ["error": .string("\(error)")]
        }
    }

    static func ids(_ json: JSON?) throws(RuntimeError) -> [Int32] {
        let elements = json?.arrayValue
        let ids = elements?.compactMap { $0.intValue.flatMap { Int32(exactly: $0) } }
        guard let ids, ids.count == elements?.count else { throw RuntimeError("`ids` must be a list of token ids") }
        return ids
    }
}

extension Inspection {
    /// `{"text", "add_special"?}` → `{"ids"}`
    public struct Tokenize: Command {
        private let tokenizer: Tokenizer
        public init(model: String) throws(RuntimeError) { tokenizer = try Tokenizer(directory: model) }

        public func answer(_ line: JSON) throws -> JSON {
            guard let text = line["text"]?.stringValue else { throw RuntimeError("`text` must be a text") }
            let ids = try tokenizer.encode(text, addSpecialTokens: line["add_special"]?.boolValue ?? false)
            return ["ids": .array(ids.map { .integer(Int($0)) })]
        }
    }

    /// `{"ids", "skip_special"?}` → `{"text"}`
    public struct Detokenize: Command {
        private let tokenizer: Tokenizer
        public init(model: String) throws(RuntimeError) { tokenizer = try Tokenizer(directory: model) }

        public func answer(_ line: JSON) throws -> JSON {
            ["text": .string(tokenizer.decode(try Inspection.ids(line["ids"]), skipSpecialTokens: line["skip_special"]?.boolValue ?? false))]
        }
    }

    /// `{"messages", "kwargs"?}` → `{"rendered"}`; `kwargs` as transformers' `apply_chat_template` has them.
    public struct Render: Command {
        private let template: ChatTemplate

        /// - Parameter templateFile: takes the place of the checkpoint's own template.
        public init(model: String, templateFile: String?) throws(RuntimeError) {
            if let templateFile {
                template = try ChatTemplate.inFile(templateFile, checkpoint: model)
            } else {
                guard let own = try ChatTemplate.ofCheckpoint(model) else {
                    throw RuntimeError("the checkpoint has no chat template", hint: "give one with --template", file: model)
                }
                template = own
            }
        }

        public func answer(_ line: JSON) throws -> JSON {
            var options = line["kwargs"]?.objectValue ?? [:]
            let tools = options["tools"]?.arrayValue
            let addGenerationPrompt = options["add_generation_prompt"]?.boolValue ?? false
            options["tools"] = nil
            options["add_generation_prompt"] = nil
            let text = try template.render(
                messages: line["messages"]?.arrayValue ?? [], tools: tools, addGenerationPrompt: addGenerationPrompt, options: options)
            return ["rendered": .string(text)]
        }
    }

    /// `{"text", "tools"?, "dialect"?}` → `{"calls": [{"name", "arguments"}], "content"}`
    public struct ParseTools: Command {
        private let template: ChatTemplate?
        public init(model: String) throws(RuntimeError) { template = try ChatTemplate.ofCheckpoint(model, usesTools: true) }

        public func answer(_ line: JSON) throws -> JSON {
            guard let text = line["text"]?.stringValue else { throw RuntimeError("`text` must be a text") }
            let tools = (line["tools"]?.arrayValue ?? []).compactMap { $0.objectValue.map(OpenAI.Tool.init(members:)) }
            var parser = OutputParser(.init(dialect: try dialect(line["dialect"]?.stringValue), tools: ToolSchemas(tools))) { "call_\($0)" }
            var answer = AnswerAssembly()
            answer.add(parser.read(text) + parser.finish(isComplete: true))
            let calls = answer.message.toolCalls.map { call -> JSON in
                let arguments = call.arguments ?? ""
                return ["name": .string(call.name ?? ""), "arguments": (try? JSON(parsing: arguments)) ?? .string(arguments)]
            }
            return ["calls": .array(calls), "content": .string(answer.message.text ?? "")]
        }

        private func dialect(_ name: String?) throws(RuntimeError) -> any ToolCallDialect {
            let known = ToolCallDialects.all.map(\.name).joined(separator: ", ")
            if let name {
                guard let dialect = ToolCallDialects.named(name) else { throw RuntimeError("no dialect `\(name)`; known: \(known)") }
                return dialect
            }
            guard let dialect = template.flatMap({ ToolCallDialects.written(by: $0.source) }) else {
                throw RuntimeError("the checkpoint's template writes calls in no known dialect; name one with `dialect`: \(known)")
            }
            return dialect
        }
    }

    /// `{"ids", "greedy": N?}` → `{"logits": [of the last position], "greedy": [ids]}`
    public struct Logits: Command {
        private let model: LanguageModel

        public init(model: String, precision: Precision, threads: Int?) throws(RuntimeError) {
            self.model = try LanguageModel(directory: model, precision: precision, threads: threads)
        }

        public func answer(_ line: JSON) throws -> JSON {
            let prompt = try Inspection.ids(line["ids"])
            let count = line["greedy"]?.intValue ?? 0
            let size = model.vocabularySize
            guard !prompt.isEmpty, prompt.allSatisfy({ $0 >= 0 && Int($0) < size }) else {
                throw RuntimeError("`ids` must be token ids below \(size), at least one")
            }
            guard (0...model.configuration.maxPositions - min(prompt.count, model.configuration.maxPositions)).contains(count) else {
                throw RuntimeError("`greedy` and `ids` together exceed the model's \(model.configuration.maxPositions) positions")
            }
            let needed = (prompt.count + count + LanguageModel.blockTokens - 1) / LanguageModel.blockTokens
            var blocks: [AlignedMemory] = []
            for _ in 0..<needed { blocks.append(try AlignedMemory(count: model.blockBytes)) }
            let pass = ForwardPass(model)
            var start = 0
            var logits: [Float] = []
            while start < prompt.count {
                let end = min(prompt.count, start + 512)
                logits = try Self.last(pass, blocks, start, prompt[start..<end], size)
                start = end
            }
            let first = logits
            var greedy: [Int32] = []
            while greedy.count < count {
                guard let best = logits.indices.max(by: { logits[$0] < logits[$1] || (logits[$0] == logits[$1] && $0 > $1) }) else { break }
                greedy.append(Int32(best))
                if greedy.count < count { logits = try Self.last(pass, blocks, prompt.count + greedy.count - 1, [Int32(best)], size) }
            }
            return ["logits": .array(first.map { .double(Double($0)) }), "greedy": .array(greedy.map { .integer(Int($0)) })]
        }

        private static func last(
            _ pass: ForwardPass, _ blocks: [AlignedMemory], _ start: Int, _ tokens: ArraySlice<Int32>, _ size: Int
        ) throws(RuntimeError) -> [Float] {
            let span = BatchSpan(
                blocks: Array(blocks[..<((start + tokens.count + LanguageModel.blockTokens - 1) / LanguageModel.blockTokens)]), start: start,
                tokens: tokens, logits: .last)
            return try pass.run([span]) { (logits, _) throws(RuntimeError) in Array(UnsafeBufferPointer(start: logits, count: size)) }
        }
    }
}
