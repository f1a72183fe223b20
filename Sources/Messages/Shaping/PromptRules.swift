/// Shapes one text of the client. The same text gives the same, wherever and whenever it stands.
struct PromptRules {
    private typealias Unit = PromptText.Unit

    let tier: PromptTier?
    let allowedTools: ToolAllowList?
    let dropsPlugins: Bool

    /// A text as short as this is a notice, not instructions.
    private static let shortText = 400

    var isOff: Bool { tier == nil && allowedTools == nil && !dropsPlugins }

    func shape(_ text: String) -> String {
        guard !isOff else { return text }
        var units = PromptText(text).units
        let count = units.count
        units = withoutPluginSections(units)
        units = withoutUselessLists(units)
        if text.utf8.count > Self.shortText, let limits = tier?.limits {
            units = limits.factsOnly ? facts(of: units, limits) : shortened(units, limits)
        } else if units.count == count {
            return text
        }
        return Self.joined(Self.withoutEmptyHeadings(units))
    }

    // MARK: what goes as a whole

    private func withoutPluginSections(_ units: [Unit]) -> [Unit] {
        guard dropsPlugins else { return units }
        var dropped: Int?
        return units.filter { unit in
            if case .heading(let text, let depth) = unit {
                if let level = dropped, depth > level { return false }
                dropped = Self.speaksOfPlugins(text) ? depth : nil
            }
            return dropped == nil
        }
    }

    /// A list, with what leads to it, that tells how to use what is not there.
    private func withoutUselessLists(_ units: [Unit]) -> [Unit] {
        guard dropsPlugins || allowedTools != nil else { return units }
        var isInDroppedList = false
        return units.filter { unit in
            switch unit {
            case .lead(let text): isInDroppedList = (dropsPlugins && Self.speaksOfPlugins(text)) || needsToolThatIsNotOffered(text)
            case .heading, .paragraph: isInDroppedList = false
            case .point, .code: break
            }
            return !isInDroppedList
        }
    }

    private static func speaksOfPlugins(_ text: String) -> Bool {
        words(of: text).contains { ["plugin", "plugins", "skill", "skills", "mcp"].contains($0.lowercased()) }
    }

    /// `… with the Skill tool`, `… via ToolSearch`: a name of a tool is one word with a capital, behind `via` one with two.
    private func needsToolThatIsNotOffered(_ text: String) -> Bool {
        guard let allowedTools else { return false }
        let words = Self.words(of: text)
        return words.indices.contains { index in
            let word = words[index]
            guard word.first?.isUppercase == true, word.count > 2 else { return false }
            let isBeforeTool = index + 1 < words.endIndex && words[index + 1] == "tool" && index > 0 && words[index - 1] == "the"
            let isBehindVia = index > 0 && words[index - 1] == "via" && word.count(where: \.isUppercase) > 1
            return (isBeforeTool || isBehindVia) && !allowedTools.allows(String(word))
        }
    }

    private static func words(of text: String) -> [Substring] { text.split { !($0.isLetter || $0.isNumber || $0 == "_") } }

    // MARK: what is shortened

    private func shortened(_ units: [Unit], _ limits: PromptTier.Limits) -> [Unit] {
        func cut(_ text: String) -> String { Sentences.cut(Sentences.prefix(of: text, sentences: limits.sentences), to: limits.bytes) }
        var points = 0
        return units.compactMap { unit in
            if case .point(let text) = unit {
                points += 1
                return points > limits.points ? nil : .point(cut(text))
            }
            points = 0
            switch unit {
            case .paragraph(let text): return .paragraph(cut(text))
            // What leads to a list is its heading: the last of its sentences says what the points are.
            case .lead, .heading, .point: return unit
            case .code: return limits.keepsCode ? unit : nil
            }
        }
    }

    private func facts(of units: [Unit], _ limits: PromptTier.Limits) -> [Unit] {
        var hasRole = false
        var lead: Unit?
        var points = 0
        var result: [Unit] = []
        for unit in units {
            switch unit {
            case .heading: result.append(unit)
            case .paragraph(let text), .lead(let text):
                points = 0
                lead = nil
                let first = Sentences.prefix(of: text, sentences: 1)
                let standsAlone = first.utf8.count == text.utf8.count && text.utf8.count <= limits.bytes
                if !hasRole {
                    result.append(.paragraph(Sentences.cut(String(first.trimmed), to: limits.bytes)))
                } else if standsAlone {
                    if case .lead = unit { lead = unit } else { result.append(unit) }
                }
                hasRole = true
            case .point(let text) where Self.namesValue(text, limits) && points < limits.points:
                points += 1
                if let name = lead { result.append(name) }
                lead = nil
                result.append(unit)
            case .point, .code: break
            }
        }
        return result
    }

    /// `- Platform: linux`
    private static func namesValue(_ text: String, _ limits: PromptTier.Limits) -> Bool {
        guard text.utf8.count <= limits.bytes, let colon = text.firstRange(of: ": ") else { return false }
        return text[..<colon.lowerBound].utf8.count <= 40
    }

    // MARK: the text again

    private static func withoutEmptyHeadings(_ units: [Unit]) -> [Unit] {
        var result: [Unit] = []
        for unit in units.reversed() {
            // Behind it nothing, or another one that is not below it.
            if case .heading(_, let depth) = unit {
                switch result.last {
                case nil: continue
                case .heading(_, let next)? where next <= depth: continue
                default: break
                }
            }
            result.append(unit)
        }
        return result.reversed()
    }

    /// Points stand close together, and behind what leads to them; between all else there is an empty line.
    private static func joined(_ units: [Unit]) -> String {
        var text = ""
        var previous: Unit?
        for unit in units {
            if let previous { text += isClose(previous, unit) ? "\n" : "\n\n" }
            switch unit {
            case .heading(let words, _), .paragraph(let words), .lead(let words), .point(let words), .code(let words): text += words
            }
            previous = unit
        }
        return text
    }

    private static func isClose(_ first: Unit, _ second: Unit) -> Bool {
        switch (first, second) {
        case (.heading, _), (.point, .point), (.lead, .point), (.paragraph, .point): true
        default: false
        }
    }
}
