import Checkpoint
import Glibc
import Locking
import Testing

@testable import InferenceRuntime

/// What is read from a packed file computes what the checkpoint computes; anything else is not read.
struct PackedFileTests {
    /// A checkpoint, a cache directory, and the file of the one in the other.
    private final class Fixture {
        let files: FormulaCheckpoint
        let cache: String
        let file: PackedFile
        let checkpoint: Checkpoint

        init(_ kind: FormulaCheckpoint.Kind = GoldenLogitsTests.quantisedExperts) throws {
            files = try FormulaCheckpoint(kind)
            cache = try TemporaryDirectory.make()
            checkpoint = try Checkpoint(directory: files.directory)
            file = try #require(PackedFile(directory: cache + "/made", checkpoint: checkpoint, smallest: 0, partBytes: 10_000))
        }

        deinit { TemporaryDirectory.remove(cache) }

        func load(_ file: PackedFile?, onPercent: @escaping @Sendable (Int) -> Void = { _ in }) throws -> LanguageModel {
            try LanguageModel(
                checkpoint: checkpoint, precision: .reference, threads: 2, instructionSet: nil, packedFile: file, onPercent: onPercent)
        }
    }

    @Test(arguments: GoldenLogitsTests.all)
    func everyArchitectureComesBack(_ golden: GoldenLogitsTests.Golden) throws {
        let fixture = try Fixture(golden.kind)
        let fresh = try fixture.load(fixture.file)
        #expect(!fresh.isFromPackedFile)
        try fixture.file.write(fresh.weights)
        let told = Mutex<[Int]>([])
        let again = try fixture.load(fixture.file) { percent in told.withLock { $0.append(percent) } }
        #expect(again.isFromPackedFile)
        #expect(told.withLock { $0 }.last == 100)
        #expect(again.fingerprint == fresh.fingerprint)
        #expect(again.weightBytes == fresh.weightBytes)
        let tokens = FormulaCheckpoint.prompt(20)
        #expect(try ForwardPassTests.logits(again, tokens, chunks: [20]) == ForwardPassTests.logits(fresh, tokens, chunks: [20]))
        #expect(TemporaryDirectory.names(fixture.cache + "/made").count == 1)
        // What admission is told is what is held, to the byte.
        #expect(fixture.checkpoint.memoryEstimate(contextTokens: 256, slots: 1).weights == fresh.weightBytes)
    }

    @Test func aFileThatIsNotWholeIsNotRead() throws {
        let fixture = try Fixture()
        try fixture.file.write(try fixture.load(nil).weights)
        let good = try TemporaryDirectory.read(fixture.file.path)
        var random = RandomNumbers(seed: 3)
        // Within the header, the checksums, matrices and vectors. The zeros behind the header are nobody's.
        let header = try #require(
            PackedHeader(
                reading: try InputFile(fixture.file.path), identity: fixture.file.identity, payload: fixture.file.payloadBytes,
                partBytes: fixture.file.partBytes))
        let places = [0, 8, 12, 16, 40] + (0..<40).map { _ in header.size + Int(random.next() % UInt64(fixture.file.payloadBytes)) }
        for place in places + [good.count - 1] {
            var bad = good
            bad[place] ^= 1
            try TemporaryDirectory.write(bad, to: fixture.file.path)
            #expect(try !fixture.load(fixture.file).isFromPackedFile, "byte \(place)")
        }
        for length in [0, 7, 16, 4096, good.count - 1] {
            try TemporaryDirectory.write(Array(good[..<length]), to: fixture.file.path)
            #expect(try !fixture.load(fixture.file).isFromPackedFile, "\(length) bytes")
        }
        try TemporaryDirectory.write(good + [0], to: fixture.file.path)
        #expect(try !fixture.load(fixture.file).isFromPackedFile)
        try TemporaryDirectory.write(good, to: fixture.file.path)
        #expect(try fixture.load(fixture.file).isFromPackedFile)
    }

    /// Every per cent is told once and in rising order, also where the file turns out to be bad at its end.
    @Test func aBadFileDoesNotTurnTheCountBack() throws {
        let fixture = try Fixture()
        try fixture.file.write(try fixture.load(nil).weights)
        var bad = try TemporaryDirectory.read(fixture.file.path)
        bad[bad.count - 1] ^= 1
        try TemporaryDirectory.write(bad, to: fixture.file.path)
        let told = Mutex<[Int]>([])
        _ = try fixture.load(fixture.file) { percent in told.withLock { $0.append(percent) } }
        let percents = told.withLock { $0 }
        #expect(percents == Set(percents).sorted())
        #expect(percents.last == 100)
        #expect(percents.count > 1, "the file was found bad before anything was told")
    }

    @Test func aChangedCheckpointIsReadAnew() throws {
        let fixture = try Fixture()
        try fixture.file.write(try fixture.load(nil).weights)
        // Other weights of the same size, with the old file's time of modification.
        let path = fixture.files.directory + "/model.safetensors"
        var status = stat()
        try #require(stat(path, &status) == 0)
        var bytes = try TemporaryDirectory.read(path)
        bytes[bytes.count - 1] ^= 1
        try TemporaryDirectory.write(bytes, to: path)
        try #require(utimensat(AT_FDCWD, path, [status.st_atim, status.st_mtim], 0) == 0)
        let now = try #require(PackedFile(directory: fixture.cache + "/made", checkpoint: fixture.checkpoint, smallest: 0, partBytes: 10_000))
        #expect(now.path == fixture.file.path)
        #expect(try !fixture.load(now).isFromPackedFile)
        #expect(!fixture.file.isCurrent)
        // What was read before the change is not written as if it were of now.
        #expect(throws: RuntimeError.self) { try fixture.file.write(try fixture.load(nil).weights) }
        #expect(TemporaryDirectory.names(fixture.cache + "/made").count == 1)
        try now.write(try fixture.load(nil).weights)
        #expect(try fixture.load(now).isFromPackedFile)
    }

    @Test func aFullDiskIsLeftAlone() throws {
        let fixture = try Fixture()
        let weights = try fixture.load(nil).weights
        #expect(throws: RuntimeError.self) { try fixture.file.write(weights, freeBytes: fixture.file.payloadBytes) }
        #expect(TemporaryDirectory.names(fixture.cache + "/made").isEmpty)
    }

    @Test func oneOfTwoWritersWrites() throws {
        let fixture = try Fixture()
        let weights = try fixture.load(nil).weights
        try TemporaryDirectory.write([], to: fixture.cache + "/first")
        try #require(mkdir(fixture.cache + "/made", 0o700) == 0)
        let other = open(fixture.file.path + ".tmp", O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        try #require(other >= 0 && flock(other, LOCK_EX) == 0)
        try fixture.file.write(weights)
        #expect(TemporaryDirectory.names(fixture.cache + "/made").allSatisfy { $0.hasSuffix(".tmp") })
        close(other)
        // What a killed writer left is no hindrance.
        try fixture.file.write(weights)
        #expect(try fixture.load(fixture.file).isFromPackedFile)
        #expect(TemporaryDirectory.names(fixture.cache + "/made").count == 1)
    }

    @Test func smallCheckpointsHaveNone() throws {
        let files = try TinyModel()
        #expect(PackedFile(directory: "/nowhere", checkpoint: try Checkpoint(directory: files.directory)) == nil)
    }
}
