using System.Globalization;

namespace ZeroWorld.ML.Features.Parquet;

/// <summary>Where tables lie: <c>offline/PROJECT/TABLE/*.parquet</c> in the data directory.</summary>
internal sealed class TableFolder(string dataDirectory)
{
    /// <summary>Files that imports append.</summary>
    public const string PartPrefix = "part";

    /// <summary>Files that streams append.</summary>
    public const string StreamPrefix = "stream";

    // Held while a file takes another one's name: what was read of the old one must not replace a newer one.
    private readonly Lock _names = new();

    private const string FileName = "part-0.parquet";
    public const string GenerationFile = "generation";
    private const int NameLengthMax = 64;

    public string PathOf(string project, string table)
    {
        CheckName("project", project);
        CheckName("table", table);
        return Path.Combine(dataDirectory, "offline", project, table);
    }

    /// <summary>Files of a table in their order.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/>, naming the tables there are.</exception>
    public IReadOnlyList<string> FilesOf(string project, string table) => TryFilesOf(project, table)
        ?? throw new FeatureException(
            FeatureError.NotFound,
            $"There is no table '{table}' in project '{project}'. Tables: {ListTables(project)}. Import one first.");

    public IReadOnlyList<string>? TryFilesOf(string project, string table)
    {
        var folder = PathOf(project, table);
        return Directory.Exists(folder) && Directory.GetFiles(folder, "*.parquet") is { Length: > 0 } files
            ? [.. files.Order(StringComparer.Ordinal)]
            : null;
    }

    /// <summary>The files of a table with when they were stored: as their names say it, else as the file system does.</summary>
    public IReadOnlyList<SourceFile> SourceFilesOf(string project, string table) =>
        [.. (TryFilesOf(project, table) ?? []).Select(static file => new SourceFile(Path.GetFileName(file), new FileInfo(file).Length, StoredOf(file)))];

    /// <summary>Those of the files that were stored later than a moment.</summary>
    public IReadOnlyList<string> FilesStoredAfter(string project, string table, long moment) => [.. FilesOf(project, table).Where(file => StoredOf(file) > moment)];

    /// <summary>The files of a spine: a table, or a Parquet file by its path.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/>.</exception>
    public IReadOnlyList<string> FilesOfSpine(string project, string spine)
    {
        if (IsName(spine) && TryFilesOf(project, spine) is { } files)
        {
            return files;
        }

        return File.Exists(spine)
            ? [spine]
            : throw new FeatureException(
                FeatureError.NotFound,
                $"The spine '{spine}' is neither a table of project '{project}' nor a file. Tables: {ListTables(project)}.");
    }

    /// <summary>A file by its path; a relative one also below the data directory.</summary>
    /// <exception cref="FeatureException"><see cref="FeatureError.NotFound"/>.</exception>
    public string Find(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (File.Exists(path))
        {
            return path;
        }

        var below = Path.Combine(dataDirectory, path);
        return File.Exists(below) ? below : throw new FeatureException(FeatureError.NotFound, $"There is no file '{path}'.");
    }

    /// <summary>Which import the table is of; empty where it did not come by one.</summary>
    public string GenerationOf(string project, string table)
    {
        var file = Path.Combine(PathOf(project, table), GenerationFile);
        return File.Exists(file) ? File.ReadAllText(file).Trim() : string.Empty;
    }

    /// <summary>A name for one more file of a table, in whose folder it may be written. It says when it came: no two files have one name, and later ones sort last.</summary>
    public string NewFile(string project, string table, string prefix, DateTimeOffset now)
    {
        var folder = PathOf(project, table);
        Directory.CreateDirectory(folder);
        return Path.Combine(folder, NameOf(prefix, now, Guid.NewGuid().ToString("N")));
    }

    /// <summary>A file name that says when the file came.</summary>
    /// <param name="unique">What tells files of one moment apart.</param>
    public static string NameOf(string prefix, DateTimeOffset stored, string unique) =>
        string.Create(CultureInfo.InvariantCulture, $"{prefix}-{UnixMicroseconds.FromDateTimeOffset(stored):D20}-{unique.Replace('-', '_')}.parquet");

    /// <summary>Whether the name of a file says when it came.</summary>
    public static bool IsTimed(string name) => TimeIn(name) is not null;

    /// <summary>Makes the complete file at <paramref name="temporaryPath"/> the only one of the table; readers of the old one keep it.</summary>
    public void Publish(string project, string table, string temporaryPath)
    {
        var folder = PathOf(project, table);
        var target = Path.Combine(folder, FileName);
        if (Directory.Exists(folder) && Directory.EnumerateFiles(folder, $"{StreamPrefix}-*.parquet").Any())
        {
            throw StreamsWouldGo(table);
        }

        lock (_names)
        {
            // Named before and after: whoever reads in between, and wherever this ends, no two contents of the table have one generation.
            NameGeneration(folder);
            File.Move(temporaryPath, target, overwrite: true);
            foreach (var other in Directory.GetFiles(folder, "*.parquet").Where(file => Path.GetFileName(file) != FileName))
            {
                File.Delete(other);
            }

            NameGeneration(folder);
        }
    }

    /// <summary>What changes when a file is another one.</summary>
    public static (long Bytes, DateTime Written) StampOf(string file) => (new FileInfo(file).Length, File.GetLastWriteTimeUtc(file));

    /// <summary>Makes the complete file at <paramref name="temporaryPath"/> stand for a file of the table, as old as that one, so that it does not count as new.</summary>
    /// <param name="stamp">Of the file when it was read.</param>
    /// <returns><see langword="false"/> when the file is another one by now, or gone; the temporary one is deleted.</returns>
    public bool TryReplace(string file, string temporaryPath, (long Bytes, DateTime Written) stamp)
    {
        lock (_names)
        {
            if (!File.Exists(file) || StampOf(file) != stamp)
            {
                File.Delete(temporaryPath);
                return false;
            }

            File.SetLastWriteTimeUtc(temporaryPath, stamp.Written);
            File.Move(temporaryPath, file, overwrite: true);
            return true;
        }
    }

    /// <summary>What is said to an import that would replace events of a stream.</summary>
    public static FeatureException StreamsWouldGo(string table) => new(
        FeatureError.InvalidInput,
        $"Table '{table}' holds events of a stream, which an import would replace and nobody has elsewhere; expected another table, or 'append'.");

    /// <summary>Makes the complete file at <paramref name="temporaryPath"/> one more of the table, which stays of its generation.</summary>
    public void Append(string project, string table, string temporaryPath, DateTimeOffset now)
    {
        if (TryFilesOf(project, table) is null)
        {
            Publish(project, table, temporaryPath);
        }
        else
        {
            File.Move(temporaryPath, NewFile(project, table, PartPrefix, now));
        }
    }

    private static long StoredOf(string file) => TimeIn(Path.GetFileName(file)) ?? UnixMicroseconds.FromDateTimeOffset(File.GetLastWriteTimeUtc(file));

    private static long? TimeIn(string name) =>
        name.Split('-') is [PartPrefix or StreamPrefix, { Length: 20 } time, _] && long.TryParse(time, NumberStyles.None, CultureInfo.InvariantCulture, out var stored)
            ? stored
            : null;

    private static void NameGeneration(string folder)
    {
        var temporary = ParquetFile.TemporaryPathOf(Path.Combine(folder, GenerationFile));
        File.WriteAllText(temporary, Guid.NewGuid().ToString("N"));
        File.Move(temporary, Path.Combine(folder, GenerationFile), overwrite: true);
    }

    private string ListTables(string project)
    {
        var folder = Path.Combine(dataDirectory, "offline", project);
        string[] names = !Directory.Exists(folder)
            ? []
            : [.. Directory.GetDirectories(folder).Where(static path => Directory.EnumerateFiles(path, "*.parquet").Any()).Select(static path => Path.GetFileName(path))];
        return TableNames.ToText(names);
    }

    private static void CheckName(string what, string name)
    {
        if (!IsName(name))
        {
            throw new FeatureException(
                FeatureError.InvalidInput,
                $"'{name}' is no {what} name; expected [a-z][a-z0-9_]*, at most {NameLengthMax} characters.");
        }
    }

    public static bool IsName(string name) =>
        name is { Length: > 0 and <= NameLengthMax }
        && char.IsAsciiLetterLower(name[0])
        && name.All(static character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character == '_');
}
