using System.IO.Compression;
using System.Text;
using ZeroWorld.ML.Models;

namespace ZeroWorld.ML.Serving.TorchSharp;

/// <summary>Reads the names of the arguments of <c>forward</c> out of a TorchScript archive, which libtorch itself does not tell.</summary>
/// <remarks>
/// The archive's <c>data.pkl</c> begins with the name of the module's class, whose text lies in <c>code</c> (pytorch.org, torch/csrc/jit/docs/serialization.md).
/// </remarks>
internal static class TorchForward
{
    private const int CodeBytesMax = 16 << 20;
    private const int ClassNameBytesMax = 4096;
    private const byte Protocol = 0x80;

    /// <returns><see langword="null"/> where they are not found: nothing is to be concluded from them then.</returns>
    public static IReadOnlyList<string>? FindArguments(ModelPackage package)
    {
        try
        {
            using var archive = ZipFile.OpenRead(package.ModelPath);
            var data = archive.Entries.FirstOrDefault(static entry => entry.Name == "data.pkl");
            if (data is null || ReadClass(data) is not ({ } module, { } name))
            {
                return null;
            }

            var root = data.FullName[..^data.Name.Length];
            var code = archive.GetEntry($"{root}code/{module.Replace('.', '/')}.py");
            return code is null || code.Length > CodeBytesMax ? null : FindArguments(Read(code, CodeBytesMax), name);
        }
        catch (Exception exception) when (exception is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            // What is wrong with the archive is said by whoever loads it.
            return null;
        }
    }

    /// <param name="code">The text of a module.</param>
    /// <param name="className">Its class.</param>
    internal static IReadOnlyList<string>? FindArguments(string code, string className)
    {
        var start = code.IndexOf($"class {className}(", StringComparison.Ordinal);
        var end = start < 0 ? -1 : code.IndexOf("\nclass ", start, StringComparison.Ordinal);
        var body = start < 0 ? "" : end < 0 ? code[start..] : code[start..end];
        const string Forward = "def forward(";
        var from = body.IndexOf(Forward, StringComparison.Ordinal);
        if (from < 0)
        {
            return null;
        }

        var arguments = new List<string>();
        var (depth, argument) = (0, from + Forward.Length);
        for (var index = argument; index < body.Length; index++)
        {
            var letter = body[index];
            if (depth == 0 && letter is ',' or ')')
            {
                arguments.Add(body[argument..index].Split(':', 2)[0].Trim());
                argument = index + 1;
                if (letter == ')')
                {
                    // The first is the module itself.
                    return arguments[1..];
                }
            }

            depth += letter is '[' or '(' ? 1 : letter is ']' or ')' ? -1 : 0;
        }

        return null;
    }

    /// <summary>Reads what the pickle begins with: its protocol, then the global name of a class.</summary>
    private static (string? Module, string? Name) ReadClass(ZipArchiveEntry data)
    {
        var text = Read(data, ClassNameBytesMax);
        var lines = text.Length > 3 && text[0] == Protocol && text[2] == 'c' ? text[3..].Split('\n', 3) : [];
        return lines.Length == 3 ? (lines[0], lines[1]) : (null, null);
    }

    private static string Read(ZipArchiveEntry entry, int bytesMax)
    {
        using var stream = entry.Open();
        var bytes = new byte[Math.Min(entry.Length, bytesMax)];
        return Encoding.Latin1.GetString(bytes, 0, stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false));
    }
}
