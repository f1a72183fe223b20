import Control
import LaunchPlan
import Testing

@testable import anyclaude

struct TextTests {
    @Test(arguments: [
        (0, "0.00s"), (420, "0.42s"), (9_990, "9.99s"), (12_345, "12.3s"), (185_000, "3m05s"), (7_800_000, "2h10m"), (442_800_000, "5d03h"),
    ])
    func durations(milliseconds: Int, text: String) { #expect(Text.duration(milliseconds: milliseconds) == text) }

    @Test(arguments: [("500ms", 500), ("90s", 90_000), ("90", 90_000), ("5m", 300_000), ("1h", 3_600_000)])
    func times(text: String, milliseconds: Int) { #expect(Text.milliseconds(text) == milliseconds) }

    @Test(arguments: ["", "s", "-1s", "1.5s", "5 m", "1d", "99999999999999999999s", "9223372036854775807h", "٣s"])
    func whatIsNoTime(text: String) { #expect(Text.milliseconds(text) == nil) }

    @Test func shellWords() { #expect(Text.shellWord("it's $HOME") == "'it'\\''s $HOME'") }

    @Test func controlsCannotReachTheTerminal() {
        #expect(Text.line("a\u{1B}[2Jb\nc\u{9B}d") == "a\u{B7}[2Jb\u{B7}c\u{B7}d")
        #expect(Text.printable("a\tb\nc\r") == "a\tb\nc\u{B7}")
    }

    @Test func paths() {
        #expect(Paths.absolute("a/../b/./c", in: "/x//y") == "/x/y/b/c")
        #expect(Paths.absolute("/a/b/", in: "/x") == "/a/b")
        #expect(Paths.absolute("../../../..", in: "/x") == "/")
        #expect(Paths.directory(of: "/a/b") == "/a")
        #expect(Paths.directory(of: "/a") == "/")
        #expect(Paths.directory(of: "a") == ".")
    }

    @Test func tablesAlignByWhatIsSeen() {
        var table = Table(["A", "BB"], style: Style(isColored: false))
        table.add([.init("long") { "<\($0)>" }, .init("x")])
        #expect(table.lines == ["A     BB", "<long>  x"])
    }
}
