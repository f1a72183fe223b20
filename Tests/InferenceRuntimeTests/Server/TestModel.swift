@testable import InferenceRuntime

/// A model of bytes with a small chat template of the Hermes kind.
enum TestModel {
    static let template = """
        {%- for m in messages -%}<|{{ m.role }}|>{{ m.content }}{%- for c in m.tool_calls -%}
        <tool_call>{{ c.function.arguments | tojson }}{%- endfor -%}{%- endfor -%}
        {%- if tools -%}{{ tools | tojson }}{%- endif -%}{%- if add_generation_prompt -%}<|assistant|>{%- endif -%}
        """

    static func make(_ engine: ScriptedEngine, template: String? = template) throws -> ServedModel {
        ServedModel(
            name: "test", created: 1, tokenizer: try Tokenizer(SmallTokenizer.json()),
            template: try template.map { try ChatTemplate(source: $0) }, engine: engine, stopTokens: [300], defaults: Sampling())
    }

    static func bytes(_ text: String) -> [Int32] { text.utf8.map(Int32.init) }
}
