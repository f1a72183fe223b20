/// Prose of any length that no cache has seen: lines of numbered notes, other ones for each seed.
enum BenchPrompt {
    private static let words = """
        amber anchor apple archive autumn barrel basket beacon border branch bridge bronze canyon carpet castle cedar chapel cinder circle \
        clover cobalt copper cotton desert dragon ember engine fabric falcon feather forest garden glacier granite harbor harvest hollow \
        island ivory jasmine kettle lantern ledger lumber marble meadow mirror morning mountain needle nickel northern orchard oyster \
        paper pebble pepper pilgrim pocket prairie quarry quiet ribbon river saddle saffron season shadow silver spruce station summer \
        tailor temple thunder timber tunnel valley velvet village violet walnut water willow winter
        """.split(separator: " ").map(String.init)

    /// - Parameter words: about as many; the same words for the same seed, and a longer text begins as a shorter one does.
    static func notes(words count: Int, seed: UInt64) -> String {
        var state = seed
        func next(_ limit: Int) -> Int {
            // Knuth's multiplier; the high bits are the good ones.
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(limit))
        }
        var lines: [String] = []
        var left = count
        while left > 0 {
            let length = min(left, 12)
            lines.append("Note \(lines.count + 1): " + (0..<length).map { _ in words[next(words.count)] }.joined(separator: " ") + ".")
            left -= length
        }
        return lines.joined(separator: "\n")
    }

    static let first = "Which of these notes is the first one? Answer in one short sentence."
    static let more = "And which one comes after it? Answer in one short sentence."
    static let afterRestart = "And the one after that? Answer in one short sentence."
}
