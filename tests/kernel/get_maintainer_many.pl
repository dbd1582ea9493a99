# Runs scripts/get_maintainer.pl for many arguments, in as many processes, which share what it reads before it looks at
# the first: MAINTAINERS, .mailmap, its configuration. The script is as it is; what it prints it decides by itself.
#
# It calls canonpath() of each argument first of all. That call is the place to fork: each child gets its own argument.
#
# Usage, in the top directory of the tree: perl get_maintainer_many.pl JOBS OUTPUT PROCESSES OPTION... X
# JOBS has an argument a line; of the line N, OUTPUT/N gets what is printed, OUTPUT/N.err what is said beside it.
use strict;
use warnings;
use File::Spec::Functions ();
use POSIX ();

my ($jobs, $output, $processes);
my $forked = 0;

BEGIN {
	($jobs, $output, $processes) = splice(@ARGV, 0, 3);
	my $original = \&File::Spec::Functions::canonpath;
	no warnings 'redefine';
	*File::Spec::Functions::canonpath = sub {
		return $original->(@_) if ($forked);
		$forked = 1;
		return $original->(argument());
	};
}

sub argument {
	open(my $list, '<:raw', $jobs) or die "$jobs: $!";
	my @arguments = <$list>;
	close($list);
	chomp(@arguments);
	my ($running, $failed) = (0, 0);
	for my $number (0 .. $#arguments) {
		if ($running == $processes) {
			wait();
			$failed++ if ($?);
			$running--;
		}
		my $child = fork();
		die "fork: $!" if (!defined($child));
		if (!$child) {
			open(STDOUT, '>:encoding(UTF-8)', "$output/$number") or die "$output/$number: $!";
			open(STDERR, '>:encoding(UTF-8)', "$output/$number.err") or die "$output/$number.err: $!";
			return $arguments[$number];
		}
		$running++;
	}
	while (wait() != -1) {
		$failed++ if ($?);
	}
	POSIX::_exit($failed ? 1 : 0);
}

do "./scripts/get_maintainer.pl";
die $@ if ($@);
die "the script has not looked at its arguments";
