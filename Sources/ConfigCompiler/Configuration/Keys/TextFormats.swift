import LaunchPlan

extension ProxySettings.ToolCallDialect {
    static let choices = allCases.map { Choice($0.rawValue, $0.doc) }

    private var doc: String {
        switch self {
        case .hermes: "`<tool_call>{\"name\", \"arguments\"}</tool_call>`: Hermes, Qwen2.5, Qwen3"
        case .qwenCoder: "`<tool_call><function=NAME><parameter=KEY>`: Qwen3-Coder, Qwen3.5"
        case .llama: "`{\"name\", \"parameters\"}` or `<|python_tag|>`: Llama 3.1"
        case .llamaPythonic: "`[name(key=value)]`: Llama 3.2, Llama 4"
        case .mistral: "`[TOOL_CALLS]name[ARGS]{…}` or `[TOOL_CALLS] [{…}]`: Mistral, Magistral, Devstral"
        case .deepSeek: "`<｜tool▁calls▁begin｜>`: DeepSeek V3, R1, V3.1"
        case .kimi: "`<|tool_calls_section_begin|>`: Kimi K2"
        case .glm: "`<tool_call>NAME<arg_key>`: GLM 4.5 and later"
        case .miniMax: "`<minimax:tool_call>`: MiniMax M2"
        case .harmony: "`<|channel|>…<|message|>`: gpt-oss"
        }
    }
}

extension ProxySettings.Images {
    static let choices = allCases.map { Choice($0.rawValue, $0.doc) }

    private var doc: String {
        switch self {
        case .sent: "the model sees them"
        case .described: "the model is told in words that there was one, its format and its size"
        }
    }
}

extension ProxySettings.ReasoningFormat {
    static let choices = allCases.map { Choice($0.rawValue, $0.doc) }

    private var doc: String {
        switch self {
        case .think: "`<think>…</think>` in front of the answer"
        case .openedThink: "up to `</think>`: the prompt has opened the block, so that the answer begins within it"
        }
    }
}
