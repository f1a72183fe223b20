import FoundationEssentials
import FuzzProperties
import Testing

/// Mutated texts through each reader and through the whole compiler, deterministic by round.
///
/// Ordinary test runs do a few texts of one seed; with ANYCLAUDE_FUZZ_SECONDS, rounds of a thousand go on for that long on each target.
/// A round is printed before it begins, so that the last one printed repeats a crash: ANYCLAUDE_FUZZ_ROUND=N.
@Suite struct FuzzTests {
    @Test(.timeLimit(.minutes(60)), arguments: FuzzTarget.allCases)
    func mutatedTextsKeepTheProperties(target: FuzzTarget) throws {
        let environment = ProcessInfo.processInfo.environment
        let seeds = try Self.seeds(target)
        #expect(!seeds.isEmpty)
        let size = 1000
        if let round = environment["ANYCLAUDE_FUZZ_ROUND"].flatMap({ UInt64($0) }) { return run(target, round, size, seeds) }
        guard let seconds = environment["ANYCLAUDE_FUZZ_SECONDS"].flatMap({ Int($0) }) else { return run(target, 1, 200, seeds) }
        let end = ContinuousClock.now + .seconds(seconds)
        var round: UInt64 = 0
        while ContinuousClock.now < end {
            round += 1
            print("\(target.rawValue): round \(round)")
            run(target, round, size, seeds)
        }
        print("\(target.rawValue): \(round * UInt64(size)) texts without a crash")
    }

    private func run(_ target: FuzzTarget, _ round: UInt64, _ size: Int, _ seeds: [[UInt8]]) {
        var mutator = Mutator(seed: round, seeds: seeds)
        for _ in 0..<size {
            let bytes = mutator.next()
            let clock = ContinuousClock.now
            let fault = target.fault(bytes)
            let isSlow = ContinuousClock.now - clock > .seconds(5)
            if fault != nil || isSlow {
                Issue.record("\(target.rawValue) round \(round): \(fault ?? "slow")\n\(Data(bytes).base64EncodedString())")
                return
            }
        }
    }

    private static func seeds(_ target: FuzzTarget) throws -> [[UInt8]] {
        var result: [[UInt8]] = []
        for folder in ["valid", "invalid"] + (target == .migration ? ["migration"] : []) {
            for name in try Fixtures.names(in: folder) where !name.hasSuffix(".txt") {
                if target != .json || name.hasSuffix(".json") { result.append(try Fixtures.bytes("\(folder)/\(name)")) }
            }
        }
        guard let shared = Fixtures.shared, target != .pipeline, target != .migration else { return result }
        let (root, ending) = target != .json ? ("yaml-test-suite", "in.yaml") : ("json-test-suite/test_parsing", ".json")
        let folder = URL(fileURLWithPath: shared).appendingPathComponent("data/\(root)")
        for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path).sorted() where path.hasSuffix(ending) {
            let bytes = [UInt8](try Data(contentsOf: folder.appendingPathComponent(path)))
            if bytes.count < 64 << 10 { result.append(bytes) }
        }
        return result
    }
}

/// Cuts, doubles, exchanges and joins the seeds' bytes.
private struct Mutator {
    private var state: UInt64
    private let seeds: [[UInt8]]
    private static let pieces = [
        "\n", "\n  ", ": ", "- ", "? ", "#", " #", "&a ", "*a", "<<: *a", "!!str ", "! ", "|\n", ">-\n ", "\"", "'", "\\u", "\\ud800", "{", "}", "[",
        "]", ",",
        "\t", "\r\n", "---\n", "...\n", "%YAML 1.2\n", "\u{FEFF}", "\u{2028}", "\0", "ä", "💥", "1e999", "-0", "0x", "null", "~", "include: [x]\n",
        "backend: ", "port: 99999\n", "${X}", "sk-ant-123456789",
    ].map { Array($0.utf8) }

    init(seed: UInt64, seeds: [[UInt8]]) {
        state = seed &* 0x9E37_79B9_7F4A_7C15
        self.seeds = seeds
    }

    private mutating func number(_ bound: Int) -> Int {
        state = state &+ 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int((mixed ^ (mixed >> 31)) % UInt64(max(1, bound)))
    }

    mutating func next() -> [UInt8] {
        var bytes = seeds[number(seeds.count)]
        for _ in 0...number(6) {
            let place = number(bytes.count + 1)
            let end = min(bytes.count, place + number(24))
            switch number(8) {
            case 0: bytes.removeSubrange(place..<end)
            case 1: bytes.insert(contentsOf: bytes[place..<end], at: number(bytes.count + 1))
            case 2, 3, 4: bytes.insert(contentsOf: Self.pieces[number(Self.pieces.count)], at: place)
            case 5: if place < bytes.count { bytes[place] = UInt8(number(256)) }
            case 6: if place < bytes.count { bytes[place] ^= 1 << UInt8(number(8)) }
            default:
                let other = seeds[number(seeds.count)]
                let start = number(other.count + 1)
                bytes.replaceSubrange(place..<end, with: other[start..<min(other.count, start + number(200))])
            }
        }
        return bytes.count > 64 << 10 ? Array(bytes.prefix(64 << 10)) : bytes
    }
}
