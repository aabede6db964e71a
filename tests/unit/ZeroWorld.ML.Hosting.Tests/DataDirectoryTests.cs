using ZeroWorld.ML.Testing;

namespace ZeroWorld.ML.Hosting.Tests;

public sealed class DataDirectoryTests : IDisposable
{
    private readonly TempFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void OpenForWriting_NewFolder_WritesItsFormat()
    {
        using var directory = DataDirectory.OpenForWriting(_folder.Combine("data"));

        Assert.True(directory.IsWriter);
        Assert.Equal("1\n", File.ReadAllText(_folder.Combine("data", "format")));
        Assert.Equal(_folder.Combine("data", "registry", "registry.db"), directory.RegistryDatabase);
    }

    [Fact]
    public void OpenForWriting_SecondWriter_IsNamedTheFirst()
    {
        using var first = DataDirectory.OpenForWriting(_folder.Path);

        var exception = Assert.Throws<HostingException>(() => DataDirectory.OpenForWriting(_folder.Path));

        Assert.Equal(
            $"The data directory '{_folder.Path}' is in use by process {Environment.ProcessId}. Stop it, or name another directory with DataDirectory.",
            exception.Message);
    }

    [Fact]
    public void OpenForWriting_AfterTheFirstIsDisposed_Succeeds()
    {
        DataDirectory.OpenForWriting(_folder.Path).Dispose();

        using var second = DataDirectory.OpenForWriting(_folder.Path);

        Assert.True(second.IsWriter);
    }

    [Fact]
    public void OpenForWriting_FullDisk_SucceedsAndNamesNobodyToTheSecond()
    {
        using var disk = SmallDisk.Mount(_folder.Combine("disk"), "1m");
        DataDirectory.OpenForWriting(disk.Path).Dispose();
        File.WriteAllText(Path.Combine(disk.Path, "writer"), "1\n");
        disk.Fill();

        using var first = DataDirectory.OpenForWriting(disk.Path);
        var second = Assert.Throws<HostingException>(() => DataDirectory.OpenForWriting(disk.Path));

        Assert.True(first.IsWriter);
        Assert.Contains("is in use by another process.", second.Message, StringComparison.Ordinal);
        Assert.Equal(["fill", "format", "writer.lock"], Directory.GetFiles(disk.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Announce_FullDisk_GoesOnAndNamesNobody()
    {
        using var disk = SmallDisk.Mount(_folder.Combine("disk"), "1m");
        using var first = DataDirectory.OpenForWriting(disk.Path);
        disk.Fill();

        first.Announce("http://127.0.0.1:8001");

        Assert.Null(DataDirectory.FindWriter(disk.Path)!.GrpcAddress);
        Assert.Equal(["fill", "format", "writer.lock"], Directory.GetFiles(disk.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("2", "has format 2; this build reads and writes format 1.")]
    [InlineData("one", "says 'one'; expected the number of the directory's format, 1.")]
    public void Open_OtherFormat_IsRefusedAndUntouched(string format, string message)
    {
        File.WriteAllText(_folder.Combine("format"), format);

        var writing = Assert.Throws<HostingException>(() => DataDirectory.OpenForWriting(_folder.Path));
        var reading = Assert.Throws<HostingException>(() => DataDirectory.OpenForReading(_folder.Path));

        Assert.Contains(message, writing.Message, StringComparison.Ordinal);
        Assert.Equal(writing.Message, reading.Message);
        Assert.Equal(format, File.ReadAllText(_folder.Combine("format")));
    }

    [Fact]
    public void OpenForWriting_FolderOfSomethingElse_IsRefusedAndUntouched()
    {
        File.WriteAllText(_folder.Combine("thesis.tex"), "");

        var exception = Assert.Throws<HostingException>(() => DataDirectory.OpenForWriting(_folder.Path));

        Assert.Contains("holds files but no 'format'", exception.Message, StringComparison.Ordinal);
        Assert.Equal(["thesis.tex"], Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void OpenForWriting_PathIsAFile_IsRefused()
    {
        File.WriteAllText(_folder.Combine("file"), "");

        var exception = Assert.Throws<HostingException>(() => DataDirectory.OpenForWriting(_folder.Combine("file")));

        Assert.StartsWith($"The data directory '{_folder.Combine("file")}' cannot be used: ", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void OpenForReading_NoDataDirectory_IsRefused() =>
        Assert.StartsWith(
            $"'{_folder.Combine("none")}' is no data directory.",
            Assert.Throws<HostingException>(() => DataDirectory.OpenForReading(_folder.Combine("none"))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void FindWriter_WhileOneWrites_TellsWhereItAnswers()
    {
        Assert.Null(DataDirectory.FindWriter(_folder.Path));
        using (var directory = DataDirectory.OpenForWriting(_folder.Path))
        {
            Assert.Equal(new DataDirectoryWriter(Environment.ProcessId, null), DataDirectory.FindWriter(_folder.Path));
            directory.Announce("http://127.0.0.1:8001");
            Assert.Equal(new DataDirectoryWriter(Environment.ProcessId, "http://127.0.0.1:8001"), DataDirectory.FindWriter(_folder.Path));
            using var reader = DataDirectory.OpenForReading(_folder.Path);
            Assert.False(reader.IsWriter);
        }

        Assert.Null(DataDirectory.FindWriter(_folder.Path));
    }
}
