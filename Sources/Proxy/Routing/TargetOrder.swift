import Glibc
import LaunchPlan

/// In which order the backends of a route are asked: first the one that a conversation belongs to, then those that share with it, then
/// the fallback.
///
/// Who a conversation belongs to follows from its name alone (weighted rendezvous hashing), so that it is the same after a restart, and
/// a backend that fails or is taken away gives up its own conversations and moves no others.
enum TargetOrder {
    /// - Parameter affinity: what requests of one conversation have in common; nil where each goes its own way.
    /// - Returns: names, each once.
    static func names(_ shares: [ProxySettings.Share], fallback: [String], affinity: String?) -> [String] {
        var ordered = shares.map(\.to)
        if shares.count > 1 {
            let seed = affinity.map { hash($0.utf8, 0xcbf2_9ce4_8422_2325) } ?? .random(in: 0 ... .max)
            let scored = shares.map { (name: $0.to, score: score($0, seed)) }
            ordered = scored.sorted { $0.score < $1.score }.map(\.name)
        }
        var seen: Set<String> = []
        return (ordered + fallback).filter { seen.insert($0).inserted }
    }

    /// Exponentially distributed with the weight as its rate: the least of several is each one's in proportion to the weights.
    private static func score(_ share: ProxySettings.Share, _ seed: UInt64) -> Double {
        let unit = (Double(hash(share.to.utf8, seed) >> 11) + 1) / 9_007_199_254_740_992
        return -log(unit) / Double(share.weight)
    }

    /// FNV-1a, its bits mixed so that the high ones depend on all of the text.
    private static func hash(_ text: String.UTF8View, _ seed: UInt64) -> UInt64 {
        var hash = text.reduce(seed) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
        hash = (hash ^ hash >> 33) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ hash >> 33) &* 0xc4ce_b9fe_1a85_ec53
        return hash ^ hash >> 33
    }
}
