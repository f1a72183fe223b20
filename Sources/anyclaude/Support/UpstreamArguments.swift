/// The command line of the TypeScript tool of the same name, as commands of this one (facts/upstream-anyclaude.md, 2).
///
/// | upstream | here |
/// |---|---|
/// | `--mode=X ARGS`, `--mode X ARGS` | `run --backend X -- claude ARGS` |
/// | nothing, or options that are not ours | `run -- claude ARGS`, where a configuration is |
/// | `--check-setup`, `--test-model` | `check-setup`, `test-model` |
///
/// A line that begins with a command of ours is never changed.
enum UpstreamArguments {
    /// Options that mean this program itself, before any command.
    private static let ownOptions: Set<String> = [
        "-h", "--help", "--version", "--generate-completion-script", "--experimental-dump-help", "--help-hidden",
    ]

    /// - Parameters:
    ///   - arguments: without the program's name.
    ///   - commands: the names of our commands.
    ///   - hasConfiguration: whether one is in the current folder.
    static func translated(_ arguments: [String], commands: Set<String>, hasConfiguration: Bool) -> [String] {
        guard let first = arguments.first else { return hasConfiguration ? ["run", "--", "claude"] : ["--help"] }
        if commands.contains(first) || ownOptions.contains(where: { first == $0 || first.hasPrefix($0 + "=") }) { return arguments }
        // Ours before a command: `--instance NAME status`. The parser puts them in their place.
        if let command = afterGlobalOptions(arguments), commands.contains(command.name) {
            return [command.name] + arguments[..<command.index] + arguments[(command.index + 1)...]
        }
        var mode: String?
        var rest: [String] = []
        var index = 0
        while index < arguments.count {
            let argument = arguments[index]
            index += 1
            switch argument {
            case "--check-setup": return ["check-setup"] + backend(mode)
            case "--test-model": return ["test-model"] + backend(mode)
            case "--mode" where index < arguments.count:
                mode = arguments[index]
                index += 1
            case "--":
                rest += arguments[index...]
                index = arguments.count
            default:
                if argument.hasPrefix("--mode=") { mode = String(argument.dropFirst("--mode=".count)) } else { rest.append(argument) }
            }
        }
        // A first word that is neither a command nor an option is a mistake of ours to report, not a prompt for the client.
        if mode == nil, !first.hasPrefix("-") { return arguments }
        if mode == nil, !hasConfiguration { return arguments }
        return ["run"] + backend(mode) + ["--", "claude"] + rest
    }

    /// What of a command line is ours to repeat: nothing that goes to a client, in whatever form it was given.
    static func own(_ arguments: [String], command: String) -> [String] {
        Array(translated(arguments, commands: [command], hasConfiguration: true).prefix { $0 != "--" })
    }

    private static func backend(_ mode: String?) -> [String] { mode.map { ["--backend", $0] } ?? [] }

    private static func afterGlobalOptions(_ arguments: [String]) -> (name: String, index: Int)? {
        var index = 0
        while index < arguments.count {
            switch arguments[index] {
            case "-f", "--file", "--instance": index += 2
            case "--no-color": index += 1
            case let argument where argument.hasPrefix("--file=") || argument.hasPrefix("--instance="): index += 1
            default: return index > 0 ? (arguments[index], index) : nil
            }
        }
        return nil
    }
}
