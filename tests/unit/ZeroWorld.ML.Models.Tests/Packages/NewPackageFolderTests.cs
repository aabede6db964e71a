using Xunit;

namespace ZeroWorld.ML.Models.Tests.Packages;

public sealed class NewPackageFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public void Dispose_KeptOrNot_LeavesThePackageOrWhatWasThere(bool existed, bool isKept)
    {
        var path = _folder.File("package");
        if (existed)
        {
            Directory.CreateDirectory(path);
        }

        using (var folder = new NewPackageFolder(path))
        {
            Directory.CreateDirectory(Path.Combine(path, "inner"));
            File.WriteAllText(Path.Combine(path, "inner", "model.onnx"), "half");
            if (isKept)
            {
                folder.Keep();
            }
        }

        Assert.Equal((existed || isKept, isKept), (Directory.Exists(path), File.Exists(Path.Combine(path, "inner", "model.onnx"))));
        Assert.Equal(!isKept, NewPackageFolder.IsFree(path));
    }

    [Fact]
    public void Dispose_FolderThatIsALink_StaysALinkToAnEmptyFolder()
    {
        var target = Directory.CreateDirectory(_folder.File("volume"));
        var link = Directory.CreateSymbolicLink(_folder.File("package"), target.FullName);

        using (new NewPackageFolder(link.FullName))
        {
            Directory.CreateDirectory(Path.Combine(link.FullName, "inner"));
            File.WriteAllText(Path.Combine(link.FullName, "model.onnx"), "half");
        }

        Assert.Equal(target.FullName, new DirectoryInfo(link.FullName).LinkTarget);
        Assert.Empty(target.EnumerateFileSystemInfos());
    }

    [Fact]
    public void Open_FolderWithAFile_IsRefusedAndTheFileStays()
    {
        var file = _folder.File("notes.txt");
        File.WriteAllText(file, "mine");

        var error = Assert.Throws<RegistryException>(() => new NewPackageFolder(_folder.Path));
        Assert.Throws<RegistryException>(() => new NewPackageFolder(file));

        Assert.Equal(RegistryError.InvalidInput, error.Error);
        Assert.True(File.Exists(file));
    }
}
