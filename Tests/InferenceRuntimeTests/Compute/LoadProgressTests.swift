import Checkpoint
import Locking
import Testing

@testable import InferenceRuntime

@Suite struct LoadProgressTests {
    private let start = ContinuousClock.now

    @Test(arguments: [1, 7, 99, 100, 101, 12_345, 1 << 60])
    func eachPerCentIsToldOnceAndTheLastIsHundred(total: Int) {
        var progress = LoadProgress(total: total)
        var random = RandomNumbers(seed: UInt64(total))
        var told: [Int] = []
        var now = start
        var rest = total
        while rest > 0 {
            let part = min(rest, 1 + Int(random.next() % UInt64(max(total / 150, 1))))
            rest -= part
            now += LoadProgress.pace
            guard let percent = progress.add(part, at: now) else { continue }
            #expect(percent == Int(Int128(total - rest) * 100 / Int128(total)))
            told.append(percent)
        }
        #expect(told == Set(told).sorted())
        #expect(told.last == 100)
        let more = progress.add(0, at: now + .seconds(1))
        #expect(more == nil)
        // The parts are smaller than a per cent.
        if total > 150 { #expect(told == Array(1...100)) }
    }

    @Test func whatNobodyCouldFollowIsLeftOut() {
        var progress = LoadProgress(total: 1000)
        let parts = [(10, 0)] + (1...50).map { _ in (10, 19) } + [(10, 20), (479, 21), (1, 21), (1, 9000)]
        let told = parts.map { progress.add($0, at: start + .milliseconds($1)) }
        // The end is never left out, and nothing is beyond it.
        #expect(told == [1] + Array(repeating: nil, count: 50) + [52, nil, 100, nil])
    }

    @Test func nothingToLoad() {
        var progress = LoadProgress(total: 0)
        let told = progress.add(0, at: start)
        #expect(told == nil)
    }

    /// The sum of the headers is what is read, to the byte: else a load would end before 100, or be there too early.
    @Test func aLoadEndsAtHundredWithItsLastTensor() throws {
        let files = try TinyModel()
        let told = Mutex<[Int]>([])
        _ = try LanguageModel(directory: files.directory, threads: 1) { percent in told.withLock { $0.append(percent) } }
        let percents = told.withLock { $0 }
        #expect(percents == Set(percents).sorted())
        #expect(percents.last == 100)
        let weights = try Checkpoint(directory: files.directory).weights
        let sizes = weights.matrices.flatMap(\.tensors).map(\.range.count) + weights.vectors.map(\.range.count)
        let total = try Checkpoint(directory: files.directory).weightBytes
        var (whole, part) = (LoadProgress(total: total), LoadProgress(total: total))
        let last = sizes.compactMap { whole.add($0, at: start) }.last
        let lastButOne = sizes.dropLast().compactMap { part.add($0, at: start) }.last
        #expect(last == 100 && lastButOne != 100)
    }
}
