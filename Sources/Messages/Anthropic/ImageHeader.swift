/// What the first bytes of a picture's file say of it: PNG, JPEG, GIF and WebP, the formats of the API.
struct ImageHeader: Equatable, CustomStringConvertible {
    enum Format: String, CaseIterable {
        case png, jpeg, gif, webp

        var mediaType: String { "image/\(rawValue)" }

        init?(base64: String) { self.init(Base64.decode(base64.utf8, atMost: 12)) }

        init?(_ bytes: [UInt8]) {
            func begins(_ text: StaticString, at offset: Int = 0) -> Bool {
                text.withUTF8Buffer { bytes.dropFirst(offset).starts(with: $0) }
            }
            if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
                self = .png
            } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
                self = .jpeg
            } else if begins("GIF87a") || begins("GIF89a") {
                self = .gif
            } else if begins("RIFF"), begins("WEBP", at: 8) {
                self = .webp
            } else {
                return nil
            }
        }
    }

    var format: Format
    /// In pixels; nil where the bytes that were read do not say it.
    var size: Size?

    struct Size: Equatable {
        var width: Int
        var height: Int
    }

    /// A JPEG tells its size behind what cameras and editors write about it.
    private static let searchedBytes = 256 << 10

    init?(base64: String) {
        guard let format = Format(base64: base64) else { return nil }
        self.init(Base64.decode(base64.utf8, atMost: format == .jpeg ? Self.searchedBytes : 32))
    }

    init?(_ bytes: [UInt8]) {
        guard let format = Format(bytes) else { return nil }
        self.format = format
        switch format {
        // The first chunk, IHDR, begins with both.
        case .png: size = Self.size(bytes, width: 16..<20, height: 20..<24)
        case .gif: size = Self.size(bytes, width: 6..<8, height: 8..<10, isLittleEndian: true)
        case .webp: size = Self.webp(bytes)
        case .jpeg: size = Self.jpeg(bytes)
        }
    }

    /// `png 640×480`
    var description: String { size.map { "\(format) \($0.width)×\($0.height)" } ?? "\(format)" }

    private static func number(_ bytes: [UInt8], _ range: Range<Int>, isLittleEndian: Bool) -> Int? {
        guard range.upperBound <= bytes.count else { return nil }
        let digits = isLittleEndian ? Array(bytes[range].reversed()) : Array(bytes[range])
        return digits.reduce(0) { $0 << 8 | Int($1) }
    }

    private static func size(_ bytes: [UInt8], width: Range<Int>, height: Range<Int>, isLittleEndian: Bool = false) -> Size? {
        guard let width = number(bytes, width, isLittleEndian: isLittleEndian), let height = number(bytes, height, isLittleEndian: isLittleEndian)
        else { return nil }
        return Size(width: width, height: height)
    }

    /// RFC 9649: the first chunk is one of three kinds, each with its own header.
    private static func webp(_ bytes: [UInt8]) -> Size? {
        guard bytes.count >= 30 else { return nil }
        switch String(decoding: bytes[12..<16], as: UTF8.self) {
        case "VP8X":
            guard let size = size(bytes, width: 24..<27, height: 27..<30, isLittleEndian: true) else { return nil }
            return Size(width: size.width + 1, height: size.height + 1)
        case "VP8L":
            guard let bits = number(bytes, 21..<25, isLittleEndian: true) else { return nil }
            return Size(width: bits & 0x3FFF + 1, height: bits >> 14 & 0x3FFF + 1)
        case "VP8 ":
            guard let size = size(bytes, width: 26..<28, height: 28..<30, isLittleEndian: true) else { return nil }
            return Size(width: size.width & 0x3FFF, height: size.height & 0x3FFF)
        default: return nil
        }
    }

    /// The segments up to the frame's header (SOF0 to SOF15 but DHT, JPG and DAC), which has the size.
    private static func jpeg(_ bytes: [UInt8]) -> Size? {
        var index = 2
        while index + 4 <= bytes.count, bytes[index] == 0xFF {
            let marker = bytes[index + 1]
            if marker == 0xFF {
                index += 1
                continue
            }
            if (0xC0...0xCF).contains(marker), ![0xC4, 0xC8, 0xCC].contains(marker) {
                return size(bytes, width: index + 7..<index + 9, height: index + 5..<index + 7)
            }
            guard let length = number(bytes, index + 2..<index + 4, isLittleEndian: false), length >= 2 else { return nil }
            index += 2 + length
        }
        return nil
    }
}
