using System.Buffers.Binary;
using System.Text;
using ZeroWorld.ML.Serving.TorchSharp.Build;

namespace ZeroWorld.ML.Serving.TorchSharp.Tests;

public sealed class ElfVersionNeedsTests
{
    private const string Missing = "GLIBCXX_3.4.32";

    [Fact]
    public void MarkWeak_TheVersion_ChangesOneBitOfItsEntryAndNothingElse()
    {
        var image = SyntheticLibrary("GLIBCXX_3.4.30", Missing, "CXXABI_1.3");
        var original = image.ToArray();

        var changed = ElfVersionNeeds.MarkWeak(image, Missing);

        Assert.Equal(1, changed);
        var position = Assert.Single(Enumerable.Range(0, image.Length), index => image[index] != original[index]);
        Assert.Equal(FlagsPosition(entry: 1), position);
        Assert.Equal(2, image[position]);
    }

    [Fact]
    public void MarkWeak_Twice_ChangesNothingTheSecondTime()
    {
        var image = SyntheticLibrary(Missing);
        ElfVersionNeeds.MarkWeak(image, Missing);
        var once = image.ToArray();

        Assert.Equal(0, ElfVersionNeeds.MarkWeak(image, Missing));
        Assert.Equal(once, image);
    }

    [Theory]
    [InlineData("GLIBCXX_3.4.3")]
    [InlineData("GLIBCXX_3.4.320")]
    public void MarkWeak_VersionThatIsNotNeeded_ChangesNothing(string version)
    {
        var image = SyntheticLibrary(version);
        var original = image.ToArray();

        Assert.Equal(0, ElfVersionNeeds.MarkWeak(image, Missing));
        Assert.Equal(original, image);
    }

    [Fact]
    public void MarkWeak_NoElfFile_IsRefused() =>
        Assert.Throws<InvalidDataException>(() => ElfVersionNeeds.MarkWeak(new byte[100], Missing));

    [Fact]
    public void MarkWeak_CutFile_IsRefused()
    {
        var whole = SyntheticLibrary(Missing);

        // The last two fields of the last section header, its alignment and entry size, are not read.
        for (var length = 0; length < whole.Length - 16; length++)
        {
            var cut = whole[..length];

            Assert.Throws<InvalidDataException>(() => ElfVersionNeeds.MarkWeak(cut, Missing));
        }
    }

    [Fact]
    public void OutputOfThisBuild_LibTorchSharp_NeedsTheVersionWeaklyOnly()
    {
        var library = Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native", "libLibTorchSharp.so");
        if (!OperatingSystem.IsLinux() || !File.Exists(library))
        {
            Assert.Skip("The output of this platform holds no libLibTorchSharp.so for linux-x64.");
        }

        var image = File.ReadAllBytes(library);

        // The name is in the string table: without this, a package that no longer needs the version would pass for one that was marked.
        Assert.True(image.AsSpan().IndexOf(Encoding.ASCII.GetBytes(Missing + "\0")) > 0, "The package no longer needs this build step.");
        Assert.Equal(0, ElfVersionNeeds.CountStrong(image, Missing));
    }

    /// <summary>An ELF file with one library need, the given versions, and nothing else: header, needs, names, three section headers.</summary>
    private static byte[] SyntheticLibrary(params string[] versions)
    {
        const int Needs = 64;
        var names = Needs + 16 + (versions.Length * 16);
        var text = Encoding.ASCII.GetBytes("\0" + string.Concat(versions.Select(version => version + "\0")));
        var sections = names + text.Length;
        var image = new byte[sections + (3 * 64)];
        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1, 1 }.CopyTo(image, 0);
        Write64(image, 0x28, sections);
        Write16(image, 0x3c, 3);

        Write16(image, Needs, 1);
        Write16(image, Needs + 2, versions.Length);
        Write32(image, Needs + 8, 16);
        for (int index = 0, name = 1; index < versions.Length; name += versions[index].Length + 1, index++)
        {
            var entry = Needs + 16 + (index * 16);
            Write32(image, entry + 8, name);
            Write32(image, entry + 12, index == versions.Length - 1 ? 0 : 16);
        }

        text.CopyTo(image, names);

        // Section 1: .dynstr. Section 2: .gnu.version_r, linked to it, with one need.
        Write32(image, sections + 64 + 4, 3);
        Write64(image, sections + 64 + 24, names);
        Write32(image, sections + 128 + 4, 0x6ffffffe);
        Write64(image, sections + 128 + 24, Needs);
        Write32(image, sections + 128 + 40, 1);
        Write32(image, sections + 128 + 44, 1);
        return image;
    }

    private static int FlagsPosition(int entry) => 64 + 16 + (entry * 16) + 4;

    private static void Write16(byte[] image, int position, int value) =>
        BinaryPrimitives.WriteUInt16LittleEndian(image.AsSpan(position), (ushort)value);

    private static void Write32(byte[] image, int position, int value) => BinaryPrimitives.WriteInt32LittleEndian(image.AsSpan(position), value);

    private static void Write64(byte[] image, int position, long value) => BinaryPrimitives.WriteInt64LittleEndian(image.AsSpan(position), value);
}
