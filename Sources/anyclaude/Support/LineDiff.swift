/// What differs between two texts, line by line.
enum LineDiff {
    enum Line: Equatable {
        case same(Substring)
        case gone(Substring)
        case new(Substring)
    }

    /// The changed lines with `context` lines around them; `…` stands for what is left out. None where the texts are equal.
    static func text(_ old: String, _ new: String, context: Int = 2, style: Style) -> [String] {
        let lines = lines(old, new)
        var isShown = [Bool](repeating: false, count: lines.count)
        for index in lines.indices {
            if case .same = lines[index] { continue }
            for near in max(0, index - context)...min(lines.count - 1, index + context) { isShown[near] = true }
        }
        var shown: [String] = []
        var last = -1
        for index in lines.indices where isShown[index] {
            if index != last + 1 { shown.append("  …") }
            last = index
            switch lines[index] {
            case .same(let line): shown.append("  \(Text.line(String(line)))")
            case .gone(let line): shown.append(style.error("- \(Text.line(String(line)))"))
            case .new(let line): shown.append(style.good("+ \(Text.line(String(line)))"))
            }
        }
        return shown
    }

    /// By the standard library's difference of collections, which is a shortest one.
    static func lines(_ old: String, _ new: String) -> [Line] {
        let before = old.split(separator: "\n", omittingEmptySubsequences: false)
        let after = new.split(separator: "\n", omittingEmptySubsequences: false)
        let difference = after.difference(from: before)
        var gone: Set<Int> = []
        var added: Set<Int> = []
        for change in difference {
            switch change {
            case .remove(let offset, _, _): gone.insert(offset)
            case .insert(let offset, _, _): added.insert(offset)
            }
        }
        var result: [Line] = []
        var (left, right) = (0, 0)
        while left < before.count || right < after.count {
            if gone.contains(left) {
                result.append(.gone(before[left]))
                left += 1
            } else if added.contains(right) {
                result.append(.new(after[right]))
                right += 1
            } else {
                result.append(.same(after[right]))
                left += 1
                right += 1
            }
        }
        return result
    }
}
