namespace ZeroWorld.ML.Features;

/// <summary>Undoes what people do to hide a word: look-alikes, leetspeak, invisible characters, marks, repeated letters, spaces between letters.</summary>
/// <remarks>
/// Reads the normal form, writes folded words and the squeezed stream of all their letters without spaces. Within a chunk that has a letter, digits and signs that stand
/// for letters become them; <c>l</c>, <c>1</c>, <c>|</c> and <c>i</c> are one letter, since each stands for the others; other signs vanish; runs of one letter are one.
/// Words of one letter in a row are one word. Chunks without letters, links and mentions give nothing. Rule 2 (<see cref="TextFeaturizerSettings.Folding"/>): digits in Arabic
/// and Devanagari stand for letters of these, what an Indic script writes as one letter is one where words of one letter are looked for, a letter twice in a
/// row of such is one, and each ideograph is a word.
/// </remarks>
internal static class TextFolder
{
    private const byte Looked = 0xFF;
    private static readonly byte[] Plain = MakePlain();

    /// <param name="rule">1 or 2.</param>
    public static void Fold(TextWorkspace workspace, int rule)
    {
        var codes = (ReadOnlySpan<uint>)workspace.Normal.Codes;
        for (int start = 1, end; start < codes.Length; start = end + 1)
        {
            end = start + codes[start..].IndexOf(TextNormalizer.Space);
            FoldChunk(codes[start..end], workspace.Normal.Origins[start..end], workspace, rule);
        }
    }

    private static void FoldChunk(ReadOnlySpan<uint> chunk, ReadOnlySpan<int> origins, TextWorkspace workspace, int rule)
    {
        var folding = UnicodeFolding.Default;
        if (!HasLetter(chunk, folding))
        {
            return;
        }

        var first = workspace.Folded.Count;
        var digits = rule > 1 && chunk.ContainsAnyExceptInRange(0u, 0x7Fu) ? ScriptRules.LettersOfDigits(chunk) : [];
        for (var place = 0; place < chunk.Length; place++)
        {
            if (!digits.IsEmpty && ScriptRules.DigitOf(chunk[place]) is >= 0 and var digit && digits[digit] != 0)
            {
                AddSkeleton(workspace, folding, first, digits[digit], origins[place]);
                continue;
            }

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

            AddSkeleton(workspace, folding, first, code, origins[place]);
        }

        AddWords(workspace, first, rule);
    }

    private static void AddSkeleton(TextWorkspace workspace, UnicodeFolding folding, int first, uint code, int origin)
    {
        if (!folding.TrySkeleton(code, out var skeleton))
        {
            AddLetter(workspace, folding, first, code, origin);
            return;
        }

        foreach (var part in skeleton)
        {
            AddLetter(workspace, folding, first, part, origin);
        }
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

    private static void AddWords(TextWorkspace workspace, int first, int rule)
    {
        var codes = workspace.Folded.Codes[first..];
        if (rule == 1 || !codes.ContainsAnyExceptInRange(0u, 0x7Fu))
        {
            AddWord(workspace, first, codes.Length, codes.Length == 1, UnicodeFolding.Default.IsIdeograph(workspace.Folded.Last), rule);
            return;
        }

        for (int start = 0, end; start < codes.Length; start = end)
        {
            var isIdeograph = UnicodeFolding.Default.IsIdeograph(codes[start]);
            end = start + 1;
            while (!isIdeograph && end < codes.Length && !UnicodeFolding.Default.IsIdeograph(codes[end]))
            {
                end++;
            }

            AddWord(workspace, first + start, end - start, !isIdeograph && (end - start == 1 || ScriptRules.IsOneLetter(codes[start..end])), isIdeograph, rule);
        }
    }

    private static void AddWord(TextWorkspace workspace, int first, int length, bool isOneLetter, bool isIdeograph, int rule)
    {
        if (length == 0)
        {
            return;
        }

        // A row of words of one letter each is one word; by rule 2 a letter twice in such a row is one, as it is within a word.
        var words = workspace.FoldedWords;
        if (isOneLetter && !isIdeograph && workspace.Spelled)
        {
            var isAgain = rule > 1 && workspace.Folded.Codes[first] == workspace.Folded.Codes[first - 1];
            if (isAgain)
            {
                workspace.Folded.RemoveAt(first);
            }

            words[^1] = (words[^1].Start, words[^1].Length + length - (isAgain ? 1 : 0));
            return;
        }

        workspace.Spelled = isOneLetter;
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
