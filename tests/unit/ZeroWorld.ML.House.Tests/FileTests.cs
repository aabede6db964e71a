using System.Text.RegularExpressions;

namespace ZeroWorld.ML.House.Tests;

public sealed partial class FileTests
{
    private const int LinesMax = 400;

    private static readonly string[] TextExtensions =
        [".cs", ".csproj", ".props", ".targets", ".json", ".md", ".proto", ".py", ".sh", ".sln", ".sql", ".lua", ".txt", ".yaml", ".yml", ".html", ".css", ".js", ""];

    [Fact]
    public void ProductFiles_Length_IsAtMost400Lines()
    {
        var tooLong = HouseFiles.All
            .Where(file => HouseFiles.IsProduct(file) && file.EndsWith(".cs", StringComparison.Ordinal) && !IsGenerated(file))
            .Select(file => (file, lines: HouseFiles.Read(file).Count(character => character == '\n')))
            .Where(found => found.lines > LinesMax)
            .Select(found => $"{found.file} has {found.lines} lines; above {LinesMax} a file usually has two jobs.");

        HouseAssert.NoBreaches(tooLong);
    }

    [Fact]
    public void Files_NameNoPathOfOneMachine()
    {
        var found = HouseFiles.All
            .Where(file => TextExtensions.Contains(Path.GetExtension(file), StringComparer.Ordinal) && Path.GetFileName(file) != "FileTests.cs")
            .SelectMany(file => MachinePath().Matches(HouseFiles.Read(file)).Select(match => $"{file}: {match.Value.Trim()}"));

        HouseAssert.NoBreaches(found);
    }

    [Fact]
    public void Commands_InScriptsImagesAndDocuments_NameProjectsThatExist()
    {
        var broken =
            from file in HouseFiles.All
            where file == ".ci/run" || file.EndsWith(".md", StringComparison.Ordinal) || Path.GetFileName(file) == "Dockerfile"
            from Match command in ProjectPath().Matches(HouseFiles.Read(file))
            let path = command.Groups["path"].Value
            where !Path.Exists(Path.Combine(HouseRoot.Path, path))
            select $"{file} names {path}, which does not exist.";

        HouseAssert.NoBreaches(broken);
    }

    // Whoever reads logs tells messages apart by their numbers.
    [Fact]
    public void LogMessages_Numbers_AreEachOfOneMessage()
    {
        var messages =
            from file in HouseFiles.All
            where HouseFiles.IsProduct(file) && file.EndsWith(".cs", StringComparison.Ordinal)
            from Match message in LogMessage().Matches(HouseFiles.Read(file))
            group file by message.Groups["number"].Value into users
            where users.Count() > 1
            select $"Log message {users.Key} is declared {users.Count()} times: {string.Join(", ", users.Distinct())}.";

        HouseAssert.NoBreaches(messages);
    }

    [Theory]
    [InlineData("see /home/x", true)]
    [InlineData("(/home/ann/data)", true)]
    [InlineData(@"C:\Users\ann", true)]
    [InlineData("https://example.org/home/x", false)]
    [InlineData("../home/x", false)]
    [InlineData("the network/home/leaf", false)]
    public void MachinePath_IsFoundWhereAPathBegins(string text, bool expected) => Assert.Equal(expected, MachinePath().IsMatch(text));

    // Migrations are written by the tool of Entity Framework Core.
    private static bool IsGenerated(string file) =>
        file.Contains("/Migrations/", StringComparison.Ordinal) || file.EndsWith(".g.cs", StringComparison.Ordinal);

    [GeneratedRegex(@"\[LoggerMessage\((?<number>\d+),", RegexOptions.ExplicitCapture)]
    private static partial Regex LogMessage();

    [GeneratedRegex(@"dotnet (run|publish|test|build)\b[^\n]*?\s(?<path>(models|features|serving|training|pipelines|gpu-nodes|tests)/[\w./-]*\w)")]
    private static partial Regex ProjectPath();

    [GeneratedRegex(@"(?<![\w./:-])/(root|home)/[^\s""')]*|\b[A-Z]:\\Users\\")]
    private static partial Regex MachinePath();
}
