namespace ZeroWorld.ML.Features;

/// <summary>Undoes what people do to hide a word: look-alikes, leetspeak, invisible characters, marks, repeated letters, spaces between letters.</summary>
/// <remarks>
/// Reads the normal form, writes folded words and the squeezed stream of all their letters without spaces. Within a chunk that has a letter, digits and signs that stand
/// for letters become them; <c>l</c>, <c>1</c>, <c>|</c> and <c>i</c> are one letter, since each stands for the others; other signs vanish; runs of one letter are one.
/// Words of one letter in a row are one word. Chunks without letters, links and mentions give nothing.
/// </remarks>
internal static class TextFolder
{
    private const byte Looked = 0xFF;
    private static readonly byte[] Plain = MakePlain();

    public static void Fold(TextWorkspace workspace)
    {
        var codes = (ReadOnlySpan<uint>)workspace.Normal.Codes;
        for (int start = 1, end; start < codes.Length; start = end + 1)
        {
            end = start + codes[start..].IndexOf(TextNormalizer.Space);
            FoldChunk(codes[start..end], workspace.Normal.Origins[start..end], workspace);
        }
    }

    private static void FoldChunk(ReadOnlySpan<uint> chunk, ReadOnlySpan<int> origins, TextWorkspace workspace)
    {
        var folding = UnicodeFolding.Default;
        if (!HasLetter(chunk, folding))
        {
            return;
        }

        var first = workspace.Folded.Count;
        for (var place = 0; place < chunk.Length; place++)
        {
            if (chunk[place] < 0x80 && Plain[chunk[place]] != Looked)
            {
                if (Plain[chunk[place]] != 0)
                {
                    AddFolded(workspace, first, Plain[chunk[place]], origins[place]);
                }

                continue;
            }

            var code = Leet(chunk, place);
            if (code == 0 || folding.IsInvisible(code))
            {
                continue;
            }

            if (folding.TrySkeleton(code, out var skeleton))
            {
                foreach (var part in skeleton)
                {
                    AddLetter(workspace, folding, first, part, origins[place]);
                }
            }
            else if (folding.IsWord(code))
            {
                AddLetter(workspace, folding, first, code, origins[place]);
            }
        }

        AddWord(workspace, first, workspace.Folded.Count - first);
    }

    private static void AddLetter(TextWorkspace workspace, UnicodeFolding folding, int first, uint letter, int origin)
    {
        if (folding.IsWord(letter))
        {
            AddFolded(workspace, first, letter, origin);
        }
    }

    private static void AddFolded(TextWorkspace workspace, int first, uint letter, int origin)
    {
        if (workspace.Folded.Count == first || workspace.Folded.Last != letter)
        {
            workspace.Folded.Add(letter, origin);
        }

        if (workspace.Squeezed.Last != letter)
        {
            workspace.Squeezed.Add(letter, origin);
        }
    }

    private static void AddWord(TextWorkspace workspace, int first, int length)
    {
        if (length == 0)
        {
            return;
        }

        var words = workspace.FoldedWords;
        if (length == 1 && words.Count > 0)
        {
            var last = words[^1];
            var isSpelled = last.Length == 1 || workspace.Spelled;
            if (isSpelled && !UnicodeFolding.Default.IsIdeograph(workspace.Folded.Codes[first]))
            {
                words[^1] = (last.Start, last.Length + 1);
                workspace.Spelled = true;
                return;
            }
        }

        workspace.Spelled = false;
        words.Add((first, length));
    }

    private static bool HasLetter(ReadOnlySpan<uint> chunk, UnicodeFolding folding)
    {
        foreach (var code in chunk)
        {
            if (code is TextNormalizer.Link or TextNormalizer.Mention)
            {
                return false;
            }

            if (code is not (>= '0' and <= '9') && folding.IsWord(code))
            {
                return true;
            }
        }

        return false;
    }

    // By ASCII code: the one letter that it is folded to, 0 for none; what depends on its neighbours, or is folded to several, is looked at where it is.
    private static byte[] MakePlain()
    {
        var plain = new byte[0x80];
        for (var code = 0u; code < plain.Length; code++)
        {
            var letter = code is '$' or '!' ? Looked : Leet([code], 0);
            if (letter is not 0 and not Looked && UnicodeFolding.Default.TrySkeleton(letter, out var skeleton))
            {
                letter = skeleton is [< Looked and var one] ? one : skeleton.IsEmpty ? 0u : Looked;
            }

            plain[code] = letter == Looked || UnicodeFolding.Default.IsWord(letter) ? (byte)letter : (byte)0;
        }

        return plain;
    }

    // The letter that a sign stands for; 0 for a sign that stands for nothing.
    private static uint Leet(ReadOnlySpan<uint> chunk, int place) => chunk[place] switch
    {
        '0' => 'o',
        '1' or '|' => 'i',
        '3' or 0x20AC => 'e',
        '4' or '@' => 'a',
        '5' => 's',
        '$' when place + 1 == chunk.Length || chunk[place + 1] is not (>= '0' and <= '9') => 's',
        '6' or '9' => 'g',
        '7' or '+' => 't',
        '8' => 'b',
        '!' when place > 0 && place + 1 < chunk.Length && UnicodeFolding.Default.IsWord(chunk[place + 1]) => 'i',
        < 0x80 and var code when !char.IsAsciiLetterOrDigit((char)code) => 0,
        var code => code,
    };
}
