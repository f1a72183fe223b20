import Testing

@testable import Diagnostics

@Suite struct UnifiedDiffTests {
    private func diff(_ old: String, _ new: String) -> UnifiedDiff {
        UnifiedDiff(
            old: SourceText(path: "a", bytes: Array(old.utf8)), new: SourceText(path: "b", bytes: Array(new.utf8)), names: ("a", "b"))
    }

    @Test func equalTextsHaveNoDifference() {
        #expect(diff("x\ny\n", "x\ny\n").lines.isEmpty)
        #expect(diff("", "").text.isEmpty)
    }

    @Test func aChangeHasThreeLinesAroundIt() {
        let old = (1...20).map { "\($0)\n" }.joined()
        let new = old.replacing("10\n", with: "ten\n").replacing("\n20\n", with: "\n20\n21\n")
        #expect(
            diff(old, new).text == """
                --- a
                +++ b
                @@ -7,7 +7,7 @@
                 7
                 8
                 9
                -10
                +ten
                 11
                 12
                 13
                @@ -18,3 +18,4 @@
                 18
                 19
                 20
                +21

                """)
    }

    @Test func changesThatAreNearAreOneHunk() {
        let old = (1...9).map { "\($0)\n" }.joined()
        let text = diff(old, old.replacing("2\n", with: "").replacing("8\n", with: "8\neight\n")).text
        #expect(text.components("@@ -").count == 2)
        #expect(text.contains("@@ -1,9 +1,9 @@\n 1\n-2\n 3\n"))
    }

    @Test func emptyTextsAndMissingEndsAreNamed() {
        #expect(diff("", "x\n").text == "--- a\n+++ b\n@@ -0,0 +1 @@\n+x\n")
        #expect(diff("x\n", "").text == "--- a\n+++ b\n@@ -1 +0,0 @@\n-x\n")
        #expect(diff("x", "x\n").text == "--- a\n+++ b\n@@ -1 +1 @@\n-x\n\\ No newline at end of file\n+x\n")
        #expect(diff("x\r\n", "x\n").text == "--- a\n+++ b\n@@ -1 +1 @@\n-x\r\n+x\n")
    }

    @Test func whatIsMaskedIsNotShown() {
        var old = SourceText(path: "a", bytes: Array("k: abcdef\nm: secret-one x\n".utf8))
        old.mask([3..<9])
        old.mask([13..<19])
        old.mask([15..<23])
        let new = SourceText(path: "b", bytes: Array("k: {}\nm: x\n".utf8))
        #expect(
            UnifiedDiff(old: old, new: new, names: ("a", "b")).text == "--- a\n+++ b\n@@ -1,2 +1,2 @@\n-k: ********\n-m: ******** x\n+k: {}\n+m: x\n")
    }

    /// The runs are common to both texts, in order, and what they leave out is as little as an exact method finds.
    @Test func theDifferenceOfSmallTextsIsTheShortest() {
        var state: UInt64 = 7
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        for _ in 0..<400 {
            let old = (0..<next(14)).map { _ in next(4) }
            let new = (0..<next(14)).map { _ in next(4) }
            let runs = LineDifference(old: old, new: new).runs()
            var position = (0, 0)
            for run in runs {
                #expect(run.old >= position.0 && run.new >= position.1 && run.count > 0)
                #expect(old[run.old..<run.old + run.count] == new[run.new..<run.new + run.count])
                position = (run.old + run.count, run.new + run.count)
            }
            #expect(position.0 <= old.count && position.1 <= new.count)
            #expect(runs.reduce(0) { $0 + $1.count } == longestCommon(old, new), "\(old) \(new) \(runs)")
        }
    }

    private func longestCommon(_ left: [Int], _ right: [Int]) -> Int {
        var row = [Int](repeating: 0, count: right.count + 1)
        for value in left {
            var diagonal = 0
            for (index, other) in right.enumerated() {
                let above = row[index + 1]
                row[index + 1] = value == other ? diagonal + 1 : max(above, row[index])
                diagonal = above
            }
        }
        return row[right.count]
    }

    /// Texts without a line in common cost no more than a bounded search for each piece.
    @Test(.timeLimit(.minutes(1))) func largeTextsAreBounded() {
        let old = (0..<6_000).map { $0 }
        let new = (0..<6_000).map { $0 % 100 == 0 ? $0 : -$0 - 1 }
        let runs = LineDifference(old: old, new: new).runs()
        var position = (0, 0)
        for run in runs {
            #expect(run.old >= position.0 && run.new >= position.1)
            position = (run.old + run.count, run.new + run.count)
        }
        #expect(runs.count > 10)
    }
}

extension String {
    fileprivate func components(_ mark: String) -> [Substring] { split(separator: mark, omittingEmptySubsequences: false) }
}
