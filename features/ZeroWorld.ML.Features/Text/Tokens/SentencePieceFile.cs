using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Unicode;

namespace ZeroWorld.ML.Features;

/// <summary>A model of SentencePiece, read before the library that uses it: which pieces it has, whether they can be used (sentencepiece_model.proto).</summary>
internal static class SentencePieceFile
{
    private const string Expected = "a model of SentencePiece (tokenizer.model, a protobuf file)";

    private const int PieceField = 1;
    private const int TrainerField = 2;
    private const int ModelTypeField = 3;
    private const int UnknownType = 2;
    private const int TypeMax = 6;
    private const int UnigramModel = 1;
    private const int BpeModel = 2;

    /// <exception cref="FeatureException"><see cref="FeatureError.InvalidInput"/>: the message names the file, the piece or byte, and what was expected.</exception>
    public static void Check(string path)
    {
        var bytes = File.ReadAllBytes(path);
        if (bytes.Length == 0)
        {
            throw PieceFile.Invalid(path, $"it is empty; expected {Expected}");
        }

        var (pieces, unknown) = (new Dictionary<string, int>(StringComparer.Ordinal), 0);
        for (var reader = new Fields(bytes, 0, path); reader.TryRead(out var field, out var value);)
        {
            if (field == PieceField)
            {
                unknown += AddPiece(path, value, pieces) ? 1 : 0;
            }
            else if (field == TrainerField)
            {
                CheckTrainer(path, value);
            }
        }

        if (pieces.Count == 0)
        {
            throw PieceFile.Invalid(path, $"it has no pieces; expected {Expected}");
        }

        if (unknown != 1)
        {
            throw PieceFile.Invalid(path, string.Create(CultureInfo.InvariantCulture, $"it has {unknown} unknown pieces (type {UnknownType}); expected one, which stands for what is in no piece"));
        }
    }

    // Whether it is the unknown one.
    private static bool AddPiece(string path, Field value, Dictionary<string, int> pieces)
    {
        var (piece, score, type, number) = ("", 0f, 1L, pieces.Count);
        for (var reader = value.Open(path); reader.TryRead(out var field, out var inner);)
        {
            switch (field)
            {
                case 1 when inner.Kind == WireKind.Bytes:
                    piece = Utf8.IsValid(inner.Bytes) ? Encoding.UTF8.GetString(inner.Bytes) : throw PieceFile.Invalid(path, string.Create(CultureInfo.InvariantCulture, $"piece {number} is no UTF-8"));
                    break;
                case 2 when inner.Kind == WireKind.Fixed32:
                    score = BitConverter.UInt32BitsToSingle((uint)inner.Number);
                    break;
                case 3 when inner.Kind == WireKind.Varint:
                    type = (long)inner.Number;
                    break;
                case 1 or 2 or 3:
                    throw PieceFile.Invalid(path, string.Create(CultureInfo.InvariantCulture, $"piece {number} has a field {field} of another type; expected {Expected}"));
                default:
                    break;
            }
        }

        if (piece.Length == 0)
        {
            throw PieceFile.Invalid(path, string.Create(CultureInfo.InvariantCulture, $"piece {number} is empty; expected one sign or more"));
        }

        if (!float.IsFinite(score))
        {
            throw PieceFile.Invalid(path, string.Create(CultureInfo.InvariantCulture, $"piece {number} ('{PieceFile.Shown(piece)}') has the score {score}; expected a number"));
        }

        if (type is < 1 or > TypeMax)
        {
            throw PieceFile.Invalid(path, string.Create(CultureInfo.InvariantCulture, $"piece {number} ('{PieceFile.Shown(piece)}') has the type {type}; expected 1 to {TypeMax}"));
        }

        if (!pieces.TryAdd(piece, number))
        {
            throw PieceFile.Invalid(path, string.Create(CultureInfo.InvariantCulture, $"the piece '{PieceFile.Shown(piece)}' is there twice, as {pieces[piece]} and as {number}; expected each once"));
        }

        return type == UnknownType;
    }

    private static void CheckTrainer(string path, Field value)
    {
        for (var reader = value.Open(path); reader.TryRead(out var field, out var inner);)
        {
            if (field == ModelTypeField && (inner.Kind != WireKind.Varint || inner.Number is not (UnigramModel or BpeModel)))
            {
                throw PieceFile.Invalid(path, string.Create(CultureInfo.InvariantCulture, $"its model type is {inner.Number}; expected {UnigramModel} (unigram) or {BpeModel} (byte pairs)"));
            }
        }
    }

    private enum WireKind
    {
        Varint = 0,
        Fixed64 = 1,
        Bytes = 2,
        Fixed32 = 5,
    }

    private readonly ref struct Field(WireKind kind, ulong number, ReadOnlySpan<byte> bytes, int place)
    {
        public WireKind Kind => kind;

        public ulong Number => number;

        public ReadOnlySpan<byte> Bytes { get; } = bytes;

        public Fields Open(string path) => Kind == WireKind.Bytes
            ? new Fields(Bytes, place, path)
            : throw PieceFile.Invalid(path, string.Create(CultureInfo.InvariantCulture, $"byte {place} begins a number where a message should be; expected {Expected}"));
    }

    // Fields of one message, as protobuf writes them.
    private ref struct Fields(ReadOnlySpan<byte> bytes, int origin, string path)
    {
        private const int VarintBytesMax = 10;

        private readonly ReadOnlySpan<byte> _bytes = bytes;
        private int _place;

        public bool TryRead(out int field, out Field value)
        {
            field = 0;
            value = default;
            if (_place == _bytes.Length)
            {
                return false;
            }

            var start = _place;
            var tag = ReadVarint();
            field = tag >> 3 is > 0 and <= int.MaxValue and var number ? (int)number : throw Damaged(start);
            var kind = (WireKind)(tag & 7);
            value = kind switch
            {
                WireKind.Varint => new Field(kind, ReadVarint(), default, origin + start),
                WireKind.Fixed32 => new Field(kind, BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint))), default, origin + start),
                WireKind.Fixed64 => new Field(kind, BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong))), default, origin + start),
                WireKind.Bytes => TakeMessage(),
                _ => throw Damaged(start),
            };
            return true;
        }

        private Field TakeMessage()
        {
            var length = ReadVarint();
            var place = _place;
            return new Field(WireKind.Bytes, 0, Take(length), origin + place);
        }

        private ReadOnlySpan<byte> Take(ulong length)
        {
            if (length > (ulong)(_bytes.Length - _place))
            {
                throw PieceFile.Invalid(path, string.Create(CultureInfo.InvariantCulture, $"it ends amid what begins at byte {origin + _place}; expected {Expected}, whole"));
            }

            _place += (int)length;
            return _bytes.Slice(_place - (int)length, (int)length);
        }

        private ulong ReadVarint()
        {
            var (result, start) = (0UL, _place);
            for (var count = 0; count < VarintBytesMax; count++)
            {
                var part = Take(1)[0];
                result |= (ulong)(part & 0x7F) << (7 * count);
                if (part < 0x80)
                {
                    return result;
                }
            }

            throw Damaged(start);
        }

        private readonly FeatureException Damaged(int place) => PieceFile.Invalid(path, string.Create(CultureInfo.InvariantCulture, $"byte {origin + place} begins no field; expected {Expected}"));
    }
}
